namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>Jinja's filters for lists and dicts.</summary>
internal static class ListFilters
{
    private static readonly Dictionary<string, Filter> s_known = new(StringComparer.Ordinal)
    {
        ["length"] = (_, value, _, line) => Operations.Length(value, line),
        ["count"] = (_, value, _, line) => Operations.Length(value, line),
        ["list"] = (frame, value, _, line) => ListValue.Of(Items(frame, value, line)),
        ["items"] = (_, value, _, line) => value is DictValue dict ? ListValue.Of(dict.Items.Select(pair => ListValue.Tuple(pair.Key, pair.Value))) : value is Undefined ? ListValue.Of() : throw new TemplateException("Can only get item pairs from a mapping.", line),
        ["first"] = (frame, value, _, line) => Items(frame, value, line) is [var first, ..] ? first : new Undefined("No first item, sequence was empty."),
        ["last"] = (frame, value, _, line) => Items(frame, value, line) is [.., var last] ? last : new Undefined("No last item, sequence was empty."),
        ["join"] = Join,
        ["reverse"] = (frame, value, _, line) => value is string text ? string.Concat(PythonText.Characters(text).Reverse()) : ListValue.Of(Items(frame, value, line).Reverse()),
        ["sort"] = Sorted,
        ["dictsort"] = DictSorted,
        ["unique"] = Unique,
        ["sum"] = Sum,
        ["min"] = (frame, value, arguments, line) => Extreme(frame, value, arguments, -1, line),
        ["max"] = (frame, value, arguments, line) => Extreme(frame, value, arguments, 1, line),
        ["map"] = Map,
        ["select"] = (frame, value, arguments, line) => Chosen(frame, value, arguments, null, true, line),
        ["reject"] = (frame, value, arguments, line) => Chosen(frame, value, arguments, null, false, line),
        ["selectattr"] = (frame, value, arguments, line) => Chosen(frame, value, Rest(arguments, line), Name(arguments, line), true, line),
        ["rejectattr"] = (frame, value, arguments, line) => Chosen(frame, value, Rest(arguments, line), Name(arguments, line), false, line),
        ["attr"] = (_, value, arguments, line) => arguments.Bind(("name", Arguments.Required))[0] is string name ? value is Undefined undefined ? throw new TemplateException(undefined.Problem, line) : (object?)Methods.Find(value, name) ?? new Undefined($"'{Operations.TypeName(value)}' has no attribute '{name}'") : null,
        ["batch"] = Batched,
        ["groupby"] = Grouped,
    };

    public static Filter? Find(string name) => s_known.GetValueOrDefault(name);

    private static IReadOnlyList<object?> Items(Frame frame, object? value, int line)
    {
        var items = Operations.Items(value, line);
        frame.Budget.Spend(items.Count, line);
        return items;
    }

    private static string Name(Arguments arguments, int line) => arguments.Positional is [var name, ..] ? Convert.ToString(name, System.Globalization.CultureInfo.InvariantCulture)! : throw new TemplateException("the name of an attribute is missing", line);

    private static Arguments Rest(Arguments arguments, int line) => new("the test", [.. arguments.Positional.Skip(1)], arguments.Named, line);

    // a.b.0
    private static object? Path(object? value, object? path, int line)
    {
        if (path is long index) return Lookup.Item(value, index, line);
        foreach (var part in ((string)path!).Split('.')) value = long.TryParse(part, out var place) ? Lookup.Item(value, place, line) : Lookup.Item(value, part, line);
        return value;
    }

    private static Func<object?, object?> Key(object? path, bool isExact, int line) => item =>
    {
        var value = path is string or long ? Path(item, path, line) : item;
        return !isExact && value is string text ? PythonText.Lower(text) : value;
    };

    private static string Join(Frame frame, object? value, Arguments arguments, int line)
    {
        var given = arguments.Bind(("d", ""), ("attribute", null));
        var texts = Items(frame, value, line).Select(item => Filters.Text(frame, given[1] is null ? item : Path(item, given[1], line), line));
        return Filters.Join(texts, Filters.Text(frame, given[0], line), frame.Budget, line);
    }

    private static ListValue Ordered(Frame frame, IEnumerable<object?> items, Func<object?, object?> key, bool isReversed, int line)
    {
        var comparer = Comparer<object?>.Create((a, b) =>
        {
            frame.Budget.Spend(1, line);
            return Operations.Compare(a, b, line);
        });
        return ListValue.Of(isReversed ? items.OrderByDescending(key, comparer) : items.OrderBy(key, comparer));
    }

    private static ListValue Sorted(Frame frame, object? value, Arguments arguments, int line)
    {
        var given = arguments.Bind(("reverse", false), ("case_sensitive", false), ("attribute", null));
        return Ordered(frame, Items(frame, value, line), Key(given[2], Operations.IsTrue(given[1]), line), Operations.IsTrue(given[0]), line);
    }

    private static ListValue DictSorted(Frame frame, object? value, Arguments arguments, int line)
    {
        var given = arguments.Bind(("case_sensitive", false), ("by", "key"), ("reverse", false));
        if (value is not DictValue dict) throw Filters.Wrong(value, "a dict", line);
        var place = given[1] is "value" ? 1L : 0L;
        return Ordered(frame, dict.Items.Select(pair => ListValue.Tuple(pair.Key, pair.Value)), Key(place, Operations.IsTrue(given[0]), line), Operations.IsTrue(given[2]), line);
    }

    private static ListValue Unique(Frame frame, object? value, Arguments arguments, int line)
    {
        var given = arguments.Bind(("case_sensitive", false), ("attribute", null));
        var key = Key(given[1], Operations.IsTrue(given[0]), line);
        var (seen, none, kept) = (new DictValue(), false, new List<object?>());
        foreach (var item in Items(frame, value, line))
        {
            var of = key(item);
            if (of is null ? !none : seen.Items.TryAdd(of, null)) kept.Add(item);
            none |= of is null;
        }

        return new ListValue(kept);
    }

    private static object? Sum(Frame frame, object? value, Arguments arguments, int line)
    {
        var given = arguments.Bind(("attribute", null), ("start", 0L));
        return Items(frame, value, line).Aggregate(given[1], (sum, item) => Operations.Binary("+", sum, given[0] is null ? item : Path(item, given[0], line), frame.Budget, line));
    }

    private static object? Extreme(Frame frame, object? value, Arguments arguments, int sign, int line)
    {
        var given = arguments.Bind(("case_sensitive", false), ("attribute", null));
        var key = Key(given[1], Operations.IsTrue(given[0]), line);
        var items = Items(frame, value, line);
        if (items.Count == 0) return new Undefined("No aggregated item, sequence was empty.");
        var best = items[0];
        foreach (var item in items.Skip(1))
        {
            if (Operations.Compare(key(item), key(best), line) * sign > 0) best = item;
        }

        return best;
    }

    private static ListValue Map(Frame frame, object? value, Arguments arguments, int line)
    {
        var items = Items(frame, value, line);
        if (arguments.Named.TryGetValue("attribute", out var attribute))
        {
            var hasDefault = arguments.Named.TryGetValue("default", out var otherwise);
            return ListValue.Of([.. items.Select(item => Path(item, attribute, line) is var found && found is Undefined && hasDefault ? otherwise : found)]);
        }

        if (arguments.Positional is not [string name, ..]) throw new TemplateException("map requires a filter argument", line);
        var filter = Filters.Find(name) ?? throw new TemplateException($"there is no filter '{name}' here", line);
        var rest = new Arguments(name, [.. arguments.Positional.Skip(1)], arguments.Named, line);
        return ListValue.Of([.. items.Select(item => filter(frame, item, rest, line))]);
    }

    private static ListValue Chosen(Frame frame, object? value, Arguments arguments, string? attribute, bool wanted, int line)
    {
        Func<object?, bool> holds = Operations.IsTrue;
        if (arguments.Positional is [string name, ..])
        {
            var test = Tests.Find(name) ?? throw new TemplateException($"there is no test '{name}' here", line);
            var rest = new Arguments(name, [.. arguments.Positional.Skip(1)], arguments.Named, line);
            holds = item => test(item, rest, line);
        }

        return ListValue.Of([.. Items(frame, value, line).Where(item => holds(attribute is null ? item : Path(item, attribute, line)) == wanted)]);
    }

    private static ListValue Batched(Frame frame, object? value, Arguments arguments, int line)
    {
        var given = arguments.Bind(("linecount", Arguments.Required), ("fill_with", null));
        if (given[0] is not long size || size is < 1 or > Budget.MostRange) throw new TemplateException("'batch' wants a size of at least 1", line);
        var batches = Items(frame, value, line).Chunk((int)size).Select(items => new List<object?>(items)).ToList();
        while (given[1] is not null && batches.Count > 0 && batches[^1].Count < size) batches[^1].Add(given[1]);
        return ListValue.Of(batches.Select(items => new ListValue(items)));
    }

    private static ListValue Grouped(Frame frame, object? value, Arguments arguments, int line)
    {
        var given = arguments.Bind(("attribute", Arguments.Required), ("default", null), ("case_sensitive", false));
        var key = Key(given[0], isExact: false, line);
        var groups = new List<(object? Key, List<object?> Items)>();
        foreach (var item in Ordered(frame, Items(frame, value, line), key, isReversed: false, line).Items)
        {
            if (groups.Count == 0 || !Operations.AreEqual(key(groups[^1].Items[0]), key(item))) groups.Add((Path(item, given[0], line), []));
            groups[^1].Items.Add(item);
        }

        return ListValue.Of(groups.Select(group => ListValue.Tuple(group.Key, new ListValue(group.Items))));
    }
}
