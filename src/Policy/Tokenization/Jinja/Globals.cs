using System.Globalization;

namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>What every template can call.</summary>
internal static class Globals
{
    /// <param name="now">the time that strftime_now tells</param>
    public static void AddTo(Frame frame, DateTime now)
    {
        Add("range", (inner, arguments, line) => Range(arguments, inner.Budget, line));
        Add("namespace", (_, arguments, line) => Named(new NamespaceValue(), arguments, line));
        Add("dict", (_, arguments, line) => Dict(arguments, line));
        Add("joiner", (_, arguments, _) => Joiner(arguments.Bind(("sep", ", "))[0]));
        Add("cycler", (_, arguments, line) => Cycler([.. arguments.Positional], line));
        Add("raise_exception", (_, arguments, line) => throw new TemplateException(arguments.Bind(("message", Arguments.Required))[0] as string ?? "the template gave up", line));
        Add("strftime_now", (_, arguments, line) => Time(now, arguments.Bind(("format", Arguments.Required))[0] as string ?? throw new TemplateException("strftime_now wants a text", line), line));

        void Add(string name, Func<Frame, Arguments, int, object?> body) => frame.Set(name, new FunctionValue(name, body));
    }

    public static DictValue Copy(DictValue dict)
    {
        var copy = new DictValue();
        foreach (var (key, value) in dict.Items) copy.Items[key] = value;
        return copy;
    }

    private static ListValue Range(Arguments arguments, Budget budget, int line)
    {
        var numbers = arguments.Positional.Select(value => Operations.Number(value) as long? ?? throw new TemplateException(Operations.Missing(value) ?? "range wants whole numbers", line)).ToArray();
        var (start, stop, step) = numbers switch
        {
            [var end] => (0L, end, 1L),
            [var first, var end] => (first, end, 1L),
            [var first, var end, var by] when by != 0 => (first, end, by),
            _ => throw new TemplateException("range wants one to three whole numbers, the step not 0", line),
        };
        var count = step > 0 ? ((Int128)stop - start + step - 1) / step : ((Int128)start - stop - step - 1) / -(Int128)step;
        if (count > Budget.MostRange) throw new TemplateException($"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({Budget.MostRange}).", line);
        budget.Spend((long)Int128.Max(count, 0), line);
        return ListValue.Of(Enumerable.Range(0, (int)Int128.Max(count, 0)).Select(i => (object?)(start + i * step)));
    }

    private static NamespaceValue Named(NamespaceValue space, Arguments arguments, int line)
    {
        foreach (var (key, value) in Dict(arguments, line).Items) space.Items[key as string ?? throw new TemplateException("names of a namespace are texts", line)] = value;
        return space;
    }

    private static DictValue Dict(Arguments arguments, int line)
    {
        var dict = arguments.Positional switch
        {
            [] => new DictValue(),
            [DictValue given] => Copy(given),
            [ListValue pairs] => Of(pairs),
            _ => throw new TemplateException("dict wants names and values, a dict, or a list of pairs", line),
        };
        foreach (var (key, value) in arguments.Named) dict.Items[key] = value;
        return dict;

        DictValue Of(ListValue pairs)
        {
            var made = new DictValue();
            foreach (var pair in pairs.Items) made.Items[pair is ListValue { Items: [{ } key, _] } ? key : throw new TemplateException("dict wants pairs", line)] = ((ListValue)pair).Items[1];
            return made;
        }
    }

    private static FunctionValue Joiner(object? separator)
    {
        var used = false;
        return new FunctionValue("joiner", (_, _, _) =>
        {
            var result = used ? separator : "";
            used = true;
            return result;
        });
    }

    private static NamespaceValue Cycler(object?[] items, int line)
    {
        if (items.Length == 0) throw new TemplateException("at least one item has to be provided", line);
        var at = 0;
        var cycler = new NamespaceValue();
        cycler.Items["current"] = items[0];
        cycler.Items["next"] = new FunctionValue("next", (_, _, _) =>
        {
            var now = items[at];
            at = (at + 1) % items.Length;
            cycler.Items["current"] = items[at];
            return now;
        });
        cycler.Items["reset"] = new FunctionValue("reset", (_, _, _) =>
        {
            cycler.Items["current"] = items[at = 0];
            return null;
        });
        return cycler;
    }

    private static string Time(DateTime now, string format, int line)
    {
        var text = new System.Text.StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            // Before what is no letter a percent sign is one.
            if (format[i] != '%' || i + 1 == format.Length || !(char.IsAsciiLetter(format[i + 1]) || format[i + 1] is '%' or '-'))
            {
                text.Append(format[i]);
                continue;
            }

            var isBare = format[i + 1] == '-' && i + 2 < format.Length;
            var letter = format[i += isBare ? 2 : 1];
            var part = letter switch
            {
                'Y' => "yyyy", 'y' => "yy", 'm' => "MM", 'd' or 'e' => "dd", 'H' => "HH", 'I' => "hh", 'M' => "mm", 'S' => "ss", 'B' => "MMMM", 'b' or 'h' => "MMM", 'A' => "dddd", 'a' => "ddd",
                'p' => "tt", 'F' => "yyyy-MM-dd", 'T' => "HH:mm:ss", 'D' => "MM/dd/yy", 'R' => "HH:mm", 'f' => "ffffff", 'x' => "MM/dd/yy", 'X' => "HH:mm:ss",
                _ => "",
            };
            var written = letter switch
            {
                '%' => "%",
                'n' => "\n",
                't' => "\t",
                'c' => now.ToString("ddd MMM ", CultureInfo.InvariantCulture) + now.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2) + now.ToString(" HH:mm:ss yyyy", CultureInfo.InvariantCulture),
                'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
                'w' => ((int)now.DayOfWeek).ToString(CultureInfo.InvariantCulture),
                'u' => (((int)now.DayOfWeek + 6) % 7 + 1).ToString(CultureInfo.InvariantCulture),
                'Z' or 'z' => "",
                _ when part.Length > 0 => now.ToString(part.Length == 1 ? "%" + part : part, CultureInfo.InvariantCulture),
                _ => throw new TemplateException($"strftime_now knows no '%{letter}'", line),
            };
            if (letter == 'e') written = written.TrimStart('0').PadLeft(2);
            text.Append(isBare ? written.TrimStart('0', ' ') is { Length: > 0 } bare ? bare : "0" : written);
        }

        return text.ToString();
    }
}
