using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>value | name(arguments).</summary>
internal delegate object? Filter(Frame frame, object? value, Arguments arguments, int line);

/// <summary>Jinja's filters for texts and numbers; those for lists are in <see cref="ListFilters"/>.</summary>
internal static partial class Filters
{
    private static readonly Dictionary<string, Filter> s_known = new(StringComparer.Ordinal)
    {
        ["trim"] = (frame, value, arguments, line) => arguments.Bind(("chars", null))[0] is string { Length: > 0 } letters ? Text(frame, value, line).Trim(letters.ToCharArray()) : PythonText.Trim(Text(frame, value, line)),
        ["upper"] = (frame, value, _, line) => PythonText.Upper(Text(frame, value, line)),
        ["lower"] = (frame, value, _, line) => PythonText.Lower(Text(frame, value, line)),
        ["capitalize"] = (frame, value, _, line) => PythonText.Capitalized(Text(frame, value, line)),
        ["title"] = (frame, value, _, line) => TitleWord().Replace(Text(frame, value, line), word => PythonText.Capitalized(word.Value)),
        ["string"] = (frame, value, _, line) => Text(frame, value, line),
        ["safe"] = (_, value, _, _) => value,
        ["escape"] = Escaped,
        ["e"] = Escaped,
        ["forceescape"] = Escaped,
        ["striptags"] = (frame, value, _, line) => string.Join(' ', PythonText.Words(Tags().Replace(Text(frame, value, line), ""), -1)),
        ["replace"] = (frame, value, arguments, line) => arguments.Bind(("old", Arguments.Required), ("new", Arguments.Required), ("count", null)) is var given
            ? Methods.Replace(Text(frame, value, line), Text(frame, given[0], line), Text(frame, given[1], line), given[2] is long most ? most : -1, frame.Budget, line) : null,
        ["indent"] = Indented,
        ["center"] = (frame, value, arguments, line) => Methods.Find(Text(frame, value, line), "center")!.Call(frame, new Arguments("center", [arguments.Bind(("width", 80L))[0]], [], line), line),
        ["wordcount"] = (frame, value, _, line) => (long)Words().Count(Text(frame, value, line)),
        ["truncate"] = Truncated,
        ["format"] = (frame, value, arguments, line) => arguments.Named.Count == 0 ? Formatting.Percent(Text(frame, value, line), arguments.Positional, frame.Budget, line) : throw new TemplateException("'format' with names is not supported", line),
        ["urlencode"] = (frame, value, _, line) => Uri.EscapeDataString(Text(frame, value, line)).Replace("%2F", "/", StringComparison.Ordinal),
        ["default"] = Default,
        ["d"] = Default,
        ["int"] = (_, value, arguments, _) => arguments.Bind(("default", 0L), ("base", 10L)) is var given && Whole(value, given[1]) is { } whole ? whole : given[0],
        ["float"] = (_, value, arguments, _) => arguments.Bind(("default", 0.0))[0] is var otherwise && Real(value) is { } number ? number : otherwise,
        ["abs"] = (_, value, _, line) => Operations.Number(value) switch { long number => (object)Math.Abs(number), double number => Math.Abs(number), _ => throw Wrong(value, "a number", line) },
        ["round"] = Rounded,
        ["pprint"] = (frame, value, _, line) => Text(frame, ListValue.Of(value), line)[1..^1],
        ["tojson"] = Json,
    };

    public static Filter? Find(string name) => s_known.GetValueOrDefault(name) ?? ListFilters.Find(name);

    public static string Text(Frame frame, object? value, int line)
    {
        var text = Operations.Text(value, frame.Budget, line);
        frame.Budget.Spend(text.Length / 64, line);
        return text;
    }

    public static TemplateException Wrong(object? value, string expected, int line) => new(Operations.Missing(value) ?? $"{expected} is expected, not '{Operations.TypeName(value)}'", line);

    public static string Join(IEnumerable<string> texts, string separator, Budget budget, int line)
    {
        var joined = new StringBuilder();
        var isFirst = true;
        foreach (var text in texts)
        {
            if (!isFirst) joined.Append(separator);
            isFirst = false;
            joined.Append(text);
            budget.Want(joined.Length, line);
        }

        return joined.ToString();
    }

    private static object? Default(Frame frame, object? value, Arguments arguments, int line)
    {
        var given = arguments.Bind(("default_value", ""), ("boolean", false));
        return value is Undefined || (Operations.IsTrue(given[1]) && !Operations.IsTrue(value)) ? given[0] : value;
    }

    private static string Escaped(Frame frame, object? value, Arguments arguments, int line) => Text(frame, value, line)
        .Replace("&", "&amp;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal);

    private static string Indented(Frame frame, object? value, Arguments arguments, int line)
    {
        var given = arguments.Bind(("width", 4L), ("first", false), ("blank", false));
        if (given[0] is long width) frame.Budget.Want(width, line);
        var by = given[0] is long spaces ? new string(' ', (int)Math.Max(0, spaces)) : Text(frame, given[0], line);
        // As Jinja does: a line break at the end of the text is one more line.
        string[] lines = [.. PythonText.Lines(Text(frame, value, line) + "\n", keepEnds: false)];
        frame.Budget.Want(lines.Sum(one => (long)one.Length + by.Length + 1), line);
        var rest = lines.Skip(1).Select(one => one.Length > 0 || Operations.IsTrue(given[2]) ? by + one : one);
        return (Operations.IsTrue(given[1]) ? by : "") + string.Join('\n', [lines[0], .. rest]);
    }

    private static string Truncated(Frame frame, object? value, Arguments arguments, int line)
    {
        var given = arguments.Bind(("length", 255L), ("killwords", false), ("end", "..."), ("leeway", 5L));
        var (text, end) = (Text(frame, value, line), Text(frame, given[2], line));
        if (given[0] is not long length || given[3] is not long leeway || length < PythonText.Length(end) || leeway < 0) throw new TemplateException("'truncate' wants a length that the end fits in", line);
        if (PythonText.Length(text) <= length + leeway) return text;
        var kept = string.Concat(PythonText.Characters(text).Take((int)(length - PythonText.Length(end))));
        if (!Operations.IsTrue(given[1]) && kept.LastIndexOf(' ') is var space and >= 0) kept = kept[..space];
        return kept + end;
    }

    private static object? Whole(object? value, object? radix)
    {
        switch (value)
        {
            case bool or long: return Operations.Number(value);
            case double number when double.IsFinite(number) && Math.Abs(number) < 9e18: return (long)number;
            case string text:
                var digits = PythonText.Trim(text).Replace("_", "", StringComparison.Ordinal);
                if (radix is long and not 10)
                {
                    try
                    {
                        return Convert.ToInt64(digits, (int)(long)radix);
                    }
                    catch (Exception error) when (error is FormatException or OverflowException or ArgumentException)
                    {
                        return null;
                    }
                }

                return long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole
                    : double.TryParse(digits, CultureInfo.InvariantCulture, out var real) && Math.Abs(real) < 9e18 ? (long)real : null;
            default: return null;
        }
    }

    private static double? Real(object? value) => Operations.Number(value) is { } number ? Convert.ToDouble(number, CultureInfo.InvariantCulture)
        : value is string text && double.TryParse(PythonText.Trim(text), CultureInfo.InvariantCulture, out var real) ? real : null;

    private static object Rounded(Frame frame, object? value, Arguments arguments, int line)
    {
        var given = arguments.Bind(("precision", 0L), ("method", "common"));
        if (Operations.Number(value) is not { } number || given[0] is not long digits || digits is < -15 or > 15) throw Wrong(value, "a number", line);
        var (real, scale) = (Convert.ToDouble(number, CultureInfo.InvariantCulture), Math.Pow(10, digits));
        return given[1] switch
        {
            "common" when number is long whole && digits >= 0 => (object)whole,
            "common" => digits >= 0 ? Math.Round(real, (int)digits) : Math.Round(real * scale) / scale,
            "ceil" => Math.Ceiling(real * scale) / scale,
            "floor" => Math.Floor(real * scale) / scale,
            _ => throw new TemplateException("method must be common, ceil or floor", line),
        };
    }

    // transformers' own: neither HTML nor letters are escaped.
    private static string Json(Frame frame, object? value, Arguments arguments, int line)
    {
        var given = arguments.Bind(("ensure_ascii", false), ("indent", null), ("separators", null), ("sort_keys", false));
        if (value is Undefined undefined) throw new TemplateException($"Object of type Undefined is not JSON serializable ({undefined.Problem})", line);
        var indent = given[1] switch
        {
            null => null,
            string text => text,
            var width when Operations.Number(width) is long and >= 0 and <= 100 => new string(' ', (int)(long)Operations.Number(width)!),
            _ => throw new TemplateException("'tojson' wants an indent of 0 to 100", line),
        };
        var (comma, colon) = given[2] is ListValue { Items: [string first, string second] } ? (first, second) : (indent is null ? ", " : ",", ": ");
        return Formatting.Json(value, indent, comma, colon, Operations.IsTrue(given[0]), Operations.IsTrue(given[3]), frame.Budget, line);
    }

    [GeneratedRegex(@"[^-\s({\[<]+")]
    private static partial Regex TitleWord();

    // A text of nothing but openings costs its square.
    [GeneratedRegex("<!--.*?-->|<[^>]*>", RegexOptions.Singleline, matchTimeoutMilliseconds: Budget.MostMilliseconds)]
    private static partial Regex Tags();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Words();
}
