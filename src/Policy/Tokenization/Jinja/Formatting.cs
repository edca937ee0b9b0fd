using System.Globalization;
using System.Text;

namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>Numbers as Python prints them, its two ways to format, and JSON as Python writes it.</summary>
internal static class Formatting
{
    /// <summary>repr of a float.</summary>
    public static string Real(double number)
    {
        if (double.IsNaN(number)) return "nan";
        if (double.IsInfinity(number)) return number > 0 ? "inf" : "-inf";
        var shortest = number.ToString("E16", CultureInfo.InvariantCulture);
        var exponent = number == 0 ? 0 : int.Parse(shortest[(shortest.IndexOf('E', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture);
        if (exponent is >= -4 and < 16)
        {
            var text = number.ToString("R", CultureInfo.InvariantCulture);
            if (text.Contains('E', StringComparison.Ordinal)) text = number.ToString("F" + Math.Clamp(17 - exponent, 1, 30), CultureInfo.InvariantCulture).TrimEnd('0');
            return text.Contains('.', StringComparison.Ordinal) ? text.EndsWith('.') ? text + "0" : text : text + ".0";
        }

        var digits = number.ToString("R", CultureInfo.InvariantCulture);
        var at = digits.IndexOf('E', StringComparison.Ordinal);
        if (at < 0)
        {
            var sign = digits[0] == '-' ? "-" : "";
            var mantissa = digits[sign.Length..].TrimEnd('0');
            return string.Create(CultureInfo.InvariantCulture, $"{sign}{mantissa[0]}{(mantissa.Length > 1 ? "." + mantissa[1..] : "")}e+{digits.Length - sign.Length - 1:00}");
        }

        var power = int.Parse(digits[(at + 1)..], CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{digits[..at]}e{(power < 0 ? '-' : '+')}{Math.Abs(power):00}");
    }

    /// <summary>Python's % of a text.</summary>
    public static string Percent(string format, IReadOnlyList<object?> values, Budget budget, int line)
    {
        var text = new StringBuilder();
        var next = 0;
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }

            var end = i + 1;
            while (end < format.Length && "0123456789.-+ #".Contains(format[end], StringComparison.Ordinal)) end++;
            if (end >= format.Length) throw new TemplateException("incomplete format", line);
            var (options, kind) = (format[(i + 1)..end], format[end]);
            i = end;
            if (kind == '%')
            {
                text.Append('%');
                continue;
            }

            if (next >= values.Count) throw new TemplateException("not enough arguments for format string", line);
            text.Append(Padded(One(kind, options, values[next++], budget, line), options, budget, line));
        }

        return next == values.Count ? text.ToString() : throw new TemplateException("not all arguments converted during string formatting", line);
    }

    private static string One(char kind, string options, object? value, Budget budget, int line)
    {
        var dot = options.IndexOf('.', StringComparison.Ordinal);
        var precision = dot < 0 ? -1 : int.TryParse(options[(dot + 1)..], CultureInfo.InvariantCulture, out var given) && given <= 100 ? given : 0;
        switch (kind)
        {
            case 's':
                var text = Operations.Text(value, budget, line);
                return precision >= 0 ? string.Concat(PythonText.Characters(text).Take(precision)) : text;
            case 'd' or 'i' when Operations.Number(value) is { } number: return string.Create(CultureInfo.InvariantCulture, $"{Convert.ToDecimal(Math.Truncate(Convert.ToDouble(number, CultureInfo.InvariantCulture)))}");
            case 'f' when Operations.Number(value) is { } number: return Convert.ToDouble(number, CultureInfo.InvariantCulture).ToString("F" + (precision < 0 ? 6 : precision), CultureInfo.InvariantCulture);
            case 'x' when Operations.Number(value) is long number: return number.ToString("x", CultureInfo.InvariantCulture);
            default: throw new TemplateException($"'%{options}{kind}' of a '{Operations.TypeName(value)}' is not supported", line);
        }
    }

    private static string Padded(string text, string options, Budget budget, int line)
    {
        var digits = options.Split('.')[0].TrimStart('-', '+', ' ', '#');
        if (digits.Length == 0) return text;
        var width = long.TryParse(digits, CultureInfo.InvariantCulture, out var wanted) ? wanted : long.MaxValue;
        budget.Want(width, line);
        return options.StartsWith('-') ? text.PadRight((int)width) : text.PadLeft((int)width, digits[0] == '0' ? '0' : ' ');
    }

    /// <summary>str.format with plain fields: {}, {0}, {name}.</summary>
    public static string Fields(string format, Arguments arguments, Budget budget, int line)
    {
        var text = new StringBuilder();
        var next = 0;
        for (var i = 0; i < format.Length; i++)
        {
            var letter = format[i];
            if (letter is '{' or '}' && i + 1 < format.Length && format[i + 1] == letter)
            {
                text.Append(letter);
                i++;
                continue;
            }

            if (letter is not ('{' or '}'))
            {
                text.Append(letter);
                continue;
            }

            var end = letter == '{' ? format.IndexOf('}', i) : -1;
            if (end < 0) throw new TemplateException($"single '{letter}' encountered in format string", line);
            var field = format[(i + 1)..end];
            i = end;
            object? value;
            if (field.Length == 0 || field.All(char.IsAsciiDigit))
            {
                var index = field.Length == 0 ? next++ : int.TryParse(field, CultureInfo.InvariantCulture, out var given) ? given : int.MaxValue;
                value = index < arguments.Positional.Count ? arguments.Positional[index] : throw new TemplateException("format has too few arguments", line);
            }
            else if (!arguments.Named.TryGetValue(field, out value))
            {
                throw new TemplateException($"format has no argument '{field}', or the field has a form that is not supported", line);
            }

            text.Append(Operations.Text(value, budget, line));
            budget.Want(text.Length, line);
        }

        return text.ToString();
    }

    /// <summary>json.dumps.</summary>
    /// <param name="indent">null: on one line</param>
    public static string Json(object? value, string? indent, string comma, string colon, bool ascii, bool sorts, Budget budget, int line)
    {
        var text = new StringBuilder();
        Write(value, 0);
        return text.ToString();

        void Write(object? one, int depth)
        {
            if (depth > Budget.MostDepth) throw new TemplateException("a value holds others too deep to be written as JSON", line);
            budget.Want(text.Length, line);
            switch (one)
            {
                case null: text.Append("null"); break;
                case bool flag: text.Append(flag ? "true" : "false"); break;
                case long number: text.Append(CultureInfo.InvariantCulture, $"{number}"); break;
                case double number: text.Append(double.IsNaN(number) ? "NaN" : double.IsInfinity(number) ? number > 0 ? "Infinity" : "-Infinity" : Real(number)); break;
                case string word: Word(word); break;
                case ListValue list: Items('[', ']', list.Items, item => Write(item, depth + 1), depth); break;
                case DictValue dict:
                    var pairs = sorts ? dict.Items.OrderBy(pair => pair.Key, Comparer<object>.Create((a, b) => Operations.Compare(a, b, line))).ToList() : [.. dict.Items];
                    Items('{', '}', pairs, pair =>
                    {
                        if (pair.Key is string name) Word(name);
                        else Word(Operations.Text(pair.Key, budget, line).ToLowerInvariant());
                        text.Append(colon);
                        Write(pair.Value, depth + 1);
                    }, depth);
                    break;
                default: throw new TemplateException($"Object of type {Operations.TypeName(one)} is not JSON serializable", line);
            }
        }

        void Items<T>(char open, char close, IReadOnlyList<T> items, Action<T> write, int depth)
        {
            text.Append(open);
            for (var i = 0; i < items.Count; i++)
            {
                if (i > 0) text.Append(comma);
                Break(depth + 1);
                write(items[i]);
            }

            if (items.Count > 0) Break(depth);
            text.Append(close);
        }

        void Break(int depth)
        {
            if (indent is null) return;
            text.Append('\n');
            for (var i = 0; i < depth; i++) text.Append(indent);
        }

        void Word(string word)
        {
            text.Append('"');
            foreach (var letter in word)
            {
                _ = letter switch
                {
                    '"' => text.Append("\\\""),
                    '\\' => text.Append("\\\\"),
                    '\n' => text.Append("\\n"),
                    '\r' => text.Append("\\r"),
                    '\t' => text.Append("\\t"),
                    '\b' => text.Append("\\b"),
                    '\f' => text.Append("\\f"),
                    < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}"),
                    > '~' when ascii => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}"),
                    _ => text.Append(letter),
                };
            }

            text.Append('"');
        }
    }
}
