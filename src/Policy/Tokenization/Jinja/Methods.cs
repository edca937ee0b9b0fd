namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>Python's methods of texts, lists and dicts that change nothing: a template's values stay as they are.</summary>
internal static class Methods
{
    private delegate object? Body(string text, Arguments arguments, Budget budget, int line);

    private static readonly Dictionary<string, Body> s_ofTexts = new(StringComparer.Ordinal)
    {
        ["strip"] = (text, arguments, _, line) => Stripped(text, arguments, true, true, line),
        ["lstrip"] = (text, arguments, _, line) => Stripped(text, arguments, true, false, line),
        ["rstrip"] = (text, arguments, _, line) => Stripped(text, arguments, false, true, line),
        ["upper"] = (text, _, _, _) => PythonText.Upper(text),
        ["lower"] = (text, _, _, _) => PythonText.Lower(text),
        ["casefold"] = (text, _, _, _) => PythonText.Lower(text).Replace("ß", "ss", StringComparison.Ordinal),
        ["capitalize"] = (text, _, _, _) => PythonText.Capitalized(text),
        ["title"] = (text, _, _, _) => PythonText.Title(text),
        ["swapcase"] = (text, _, _, _) => string.Concat(text.Select(letter => char.IsUpper(letter) ? char.ToLowerInvariant(letter) : char.ToUpperInvariant(letter))),
        ["startswith"] = (text, arguments, _, line) => Affix(arguments, line).Any(part => text.StartsWith(part, StringComparison.Ordinal)),
        ["endswith"] = (text, arguments, _, line) => Affix(arguments, line).Any(part => text.EndsWith(part, StringComparison.Ordinal)),
        ["removeprefix"] = (text, arguments, _, line) => Affix(arguments, line)[0] is var part && text.StartsWith(part, StringComparison.Ordinal) ? text[part.Length..] : text,
        ["removesuffix"] = (text, arguments, _, line) => Affix(arguments, line)[0] is var part && text.EndsWith(part, StringComparison.Ordinal) ? text[..^part.Length] : text,
        ["split"] = (text, arguments, budget, line) => Split(text, arguments, fromEnd: false, budget, line),
        ["rsplit"] = (text, arguments, budget, line) => Split(text, arguments, fromEnd: true, budget, line),
        ["splitlines"] = (text, arguments, _, _) => ListValue.Of(PythonText.Lines(text, Operations.IsTrue(arguments.Bind(("keepends", false))[0]))),
        ["partition"] = (text, arguments, _, line) => Parted(text, Word(arguments.Bind(("sep", Arguments.Required))[0], line), fromEnd: false),
        ["rpartition"] = (text, arguments, _, line) => Parted(text, Word(arguments.Bind(("sep", Arguments.Required))[0], line), fromEnd: true),
        ["replace"] = Replaced,
        ["join"] = (text, arguments, budget, line) => Filters.Join(Operations.Items(arguments.Bind(("iterable", Arguments.Required))[0], line).Select(item => Word(item, line)), text, budget, line),
        ["format"] = (text, arguments, budget, line) => Formatting.Fields(text, arguments, budget, line),
        ["find"] = (text, arguments, _, line) => Place(text, arguments, line, fromEnd: false),
        ["rfind"] = (text, arguments, _, line) => Place(text, arguments, line, fromEnd: true),
        ["index"] = (text, arguments, _, line) => Place(text, arguments, line, fromEnd: false) is var at and >= 0 ? at : throw new TemplateException("substring not found", line),
        ["count"] = (text, arguments, _, line) => Word(arguments.Bind(("sub", Arguments.Required))[0], line) is var part && part.Length == 0 ? PythonText.Length(text) + 1 : text.Split(part).Length - 1L,
        ["isdigit"] = (text, _, _, _) => text.Length > 0 && text.All(char.IsDigit),
        ["isdecimal"] = (text, _, _, _) => text.Length > 0 && text.All(char.IsDigit),
        ["isnumeric"] = (text, _, _, _) => text.Length > 0 && text.All(char.IsNumber),
        ["isalpha"] = (text, _, _, _) => text.Length > 0 && text.All(char.IsLetter),
        ["isalnum"] = (text, _, _, _) => text.Length > 0 && text.All(char.IsLetterOrDigit),
        ["isspace"] = (text, _, _, _) => text.Length > 0 && text.All(PythonText.IsSpace),
        ["isupper"] = (text, _, _, _) => text == PythonText.Upper(text) && text.Any(char.IsLetter),
        ["islower"] = (text, _, _, _) => text == PythonText.Lower(text) && text.Any(char.IsLetter),
        ["ljust"] = (text, arguments, budget, line) => Padded(text, arguments, 1, budget, line),
        ["rjust"] = (text, arguments, budget, line) => Padded(text, arguments, 0, budget, line),
        ["center"] = (text, arguments, budget, line) => Padded(text, arguments, 2, budget, line),
        ["zfill"] = (text, arguments, budget, line) =>
            Padded(text.TrimStart('+', '-'), new Arguments("zfill", [Whole(arguments.Bind(("width", Arguments.Required))[0], line) - (text is ['+' or '-', ..] ? 1 : 0), "0"], [], line), 0, budget, line) is var filled && text is ['+' or '-', ..] ? text[..1] + filled : filled,
    };

    /// <summary>A method bound to the value, or null.</summary>
    public static FunctionValue? Find(object? value, string name) => value switch
    {
        string text when s_ofTexts.TryGetValue(name, out var body) => new FunctionValue(name, (frame, arguments, line) =>
        {
            frame.Budget.Spend(text.Length / 64, line);
            return body(text, arguments, frame.Budget, line);
        }),
        DictValue dict => OfDict(dict, name),
        ListValue list => OfList(list, name),
        _ => null,
    };

    private static FunctionValue? OfDict(DictValue dict, string name) => name switch
    {
        "items" => new FunctionValue(name, (_, arguments, _) => ListValue.Of(dict.Items.Select(pair => ListValue.Tuple(pair.Key, pair.Value)))),
        "keys" => new FunctionValue(name, (_, arguments, _) => ListValue.Of(dict.Items.Keys)),
        "values" => new FunctionValue(name, (_, arguments, _) => ListValue.Of(dict.Items.Values)),
        "get" => new FunctionValue(name, (_, arguments, _) => arguments.Bind(("key", Arguments.Required), ("default", null)) is var given && given[0] is { } key && dict.Items.TryGetValue(key, out var value) ? value : given[1]),
        "copy" => new FunctionValue(name, (_, _, _) => Globals.Copy(dict)),
        "update" or "pop" or "popitem" or "setdefault" or "clear" => Unsafe("dict", name),
        _ => null,
    };

    private static FunctionValue? OfList(ListValue list, string name) => name switch
    {
        "index" => new FunctionValue(name, (_, arguments, line) => list.Items.FindIndex(item => Operations.AreEqual(item, arguments.Positional[0])) is var at and >= 0 ? (long)at : throw new TemplateException("the value is not in the list", line)),
        "count" => new FunctionValue(name, (_, arguments, _) => arguments.Bind(("value", Arguments.Required))[0] is var value ? list.Items.LongCount(item => Operations.AreEqual(item, value)) : 0L),
        "copy" => new FunctionValue(name, (_, _, _) => new ListValue([.. list.Items], list.IsTuple)),
        "append" or "extend" or "insert" or "pop" or "remove" or "reverse" or "sort" or "clear" => Unsafe("list", name),
        _ => null,
    };

    private static FunctionValue Unsafe(string type, string name) =>
        new(name, (_, _, line) => throw new TemplateException($"access to attribute '{name}' of '{type}' object is unsafe", line));

    private static string Word(object? value, int line) => value as string ?? throw new TemplateException(Operations.Missing(value) ?? $"a text is expected, not '{Operations.TypeName(value)}'", line);

    private static long Whole(object? value, int line) => Operations.Number(value) as long? ?? throw new TemplateException(Operations.Missing(value) ?? $"a whole number is expected, not '{Operations.TypeName(value)}'", line);

    private static string Stripped(string text, Arguments arguments, bool left, bool right, int line)
    {
        var of = arguments.Bind(("chars", null))[0];
        if (of is null) return left && right ? PythonText.Trim(text) : left ? PythonText.TrimStart(text).ToString() : PythonText.TrimEnd(text);
        var letters = Word(of, line).ToCharArray();
        if (letters.Length == 0) return text;
        return left && right ? text.Trim(letters) : left ? text.TrimStart(letters) : text.TrimEnd(letters);
    }

    private static string[] Affix(Arguments arguments, int line) =>
        arguments.Bind(("affix", Arguments.Required))[0] is ListValue { IsTuple: true } several ? [.. several.Items.Select(item => Word(item, line))] : [Word(arguments.Positional[0], line)];

    private static ListValue Split(string text, Arguments arguments, bool fromEnd, Budget budget, int line)
    {
        var given = arguments.Bind(("sep", null), ("maxsplit", -1L));
        var most = Whole(given[1], line);
        budget.Spend(text.Length / 8, line);
        if (given[0] is null)
        {
            if (fromEnd && most >= 0) throw new TemplateException("rsplit with maxsplit and without a separator is not supported", line);
            return ListValue.Of(PythonText.Words(text, most));
        }

        var separator = Word(given[0], line);
        if (separator.Length == 0) throw new TemplateException("empty separator", line);
        if (most < 0) return ListValue.Of(text.Split(separator));
        if (!fromEnd) return ListValue.Of(text.Split(separator, (int)Math.Min(most + 1, int.MaxValue)));
        var parts = text.Split(separator).ToList();
        var first = (int)Math.Max(0, parts.Count - 1 - most);
        return ListValue.Of([string.Join(separator, parts.Take(first + 1)), .. parts.Skip(first + 1)]);
    }

    private static ListValue Parted(string text, string separator, bool fromEnd)
    {
        var at = fromEnd ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        return at < 0 ? fromEnd ? ListValue.Tuple("", "", text) : ListValue.Tuple(text, "", "") : ListValue.Tuple(text[..at], separator, text[(at + separator.Length)..]);
    }

    private static string Replaced(string text, Arguments arguments, Budget budget, int line)
    {
        var given = arguments.Bind(("old", Arguments.Required), ("new", Arguments.Required), ("count", -1L));
        return Replace(text, Word(given[0], line), Word(given[1], line), Whole(given[2], line), budget, line);
    }

    public static string Replace(string text, string old, string by, long most, Budget budget, int line)
    {
        if (old.Length == 0)
        {
            string[] characters = [.. PythonText.Characters(text)];
            budget.Want(text.Length + (characters.Length + 1L) * by.Length, line);
            var times = most < 0 ? characters.Length + 1 : Math.Min(most, characters.Length + 1);
            return string.Concat(characters.Select((one, i) => i < times ? by + one : one)) + (times > characters.Length ? by : "");
        }

        var parts = most < 0 ? text.Split(old) : text.Split(old, (int)Math.Min(most + 1, int.MaxValue));
        budget.Want(text.Length + (long)(parts.Length - 1) * Math.Max(0, by.Length - old.Length), line);
        return string.Join(by, parts);
    }

    private static long Place(string text, Arguments arguments, int line, bool fromEnd)
    {
        var part = Word(arguments.Bind(("sub", Arguments.Required))[0], line);
        var at = fromEnd ? text.LastIndexOf(part, StringComparison.Ordinal) : text.IndexOf(part, StringComparison.Ordinal);
        return at < 0 ? -1 : PythonText.Length(text[..at]);
    }

    private static string Padded(string text, Arguments arguments, int side, Budget budget, int line)
    {
        var given = arguments.Bind(("width", Arguments.Required), ("fillchar", " "));
        var missing = Whole(given[0], line) - PythonText.Length(text);
        if (missing <= 0) return text;
        budget.Want(text.Length + missing, line);
        var fill = Word(given[1], line) is [var letter] ? letter : throw new TemplateException("the fill character must be exactly one character long", line);
        // Python's own way to share out what is odd.
        var left = side switch { 0 => missing, 1 => 0, _ => missing / 2 + (missing & Whole(given[0], line) & 1) };
        return new string(fill, (int)left) + text + new string(fill, (int)(missing - left));
    }
}
