using System.Globalization;
using System.Text;

namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>What Python does with values: truth, order, sums, texts.</summary>
internal static class Operations
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        ListValue list => list.Items.Count > 0,
        DictValue dict => dict.Items.Count > 0,
        _ => true,
    };

    public static string TypeName(object? value) => value switch
    {
        null => "None",
        Undefined => "Undefined",
        bool => "bool object",
        long => "int object",
        double => "float object",
        string => "str object",
        ListValue { IsTuple: true } => "tuple object",
        ListValue => "list object",
        DictValue => "dict object",
        NamespaceValue => "jinja2.utils.Namespace object",
        LoopValue => "jinja2.runtime.LoopContext object",
        _ => "function",
    };

    public static bool AreEqual(object? one, object? other) => (Number(one), Number(other)) switch
    {
        (long a, long b) => a == b,
        ({ } a, { } b) => Convert.ToDouble(a, CultureInfo.InvariantCulture) == Convert.ToDouble(b, CultureInfo.InvariantCulture),
        _ => (one, other) switch
        {
            (null, null) or (Undefined, Undefined) => true,
            (string a, string b) => a == b,
            (ListValue a, ListValue b) => a.IsTuple == b.IsTuple && a.Items.Count == b.Items.Count && a.Items.Zip(b.Items).All(pair => AreEqual(pair.First, pair.Second)),
            (DictValue a, DictValue b) => a.Items.Count == b.Items.Count && a.Items.All(pair => b.Items.TryGetValue(pair.Key, out var value) && AreEqual(pair.Value, value)),
            _ => one is not null && ReferenceEquals(one, other),
        },
    };

    public static int Compare(object? one, object? other, int line) => (Number(one), Number(other)) switch
    {
        (long a, long b) => a.CompareTo(b),
        ({ } a, { } b) => Convert.ToDouble(a, CultureInfo.InvariantCulture).CompareTo(Convert.ToDouble(b, CultureInfo.InvariantCulture)),
        _ => (one, other) switch
        {
            (string a, string b) => PythonText.Compare(a, b),
            (ListValue a, ListValue b) when a.IsTuple == b.IsTuple => CompareLists(a, b, line),
            _ => throw new TemplateException(Missing(one) ?? Missing(other) ?? $"'{TypeName(one)}' and '{TypeName(other)}' have no order", line),
        },
    };

    private static int CompareLists(ListValue one, ListValue other, int line)
    {
        foreach (var (a, b) in one.Items.Zip(other.Items))
        {
            if (!AreEqual(a, b)) return Compare(a, b, line);
        }

        return one.Items.Count.CompareTo(other.Items.Count);
    }

    public static bool Contains(object? container, object? item, int line) => container switch
    {
        string text => item is string part ? text.Contains(part, StringComparison.Ordinal) : throw new TemplateException(Missing(item) ?? $"'in <string>' requires a string, not {TypeName(item)}", line),
        ListValue list => list.Items.Exists(one => AreEqual(one, item)),
        DictValue dict => item is not null && dict.Items.ContainsKey(item),
        Undefined => false,
        _ => throw new TemplateException($"argument of type '{TypeName(container)}' is not iterable", line),
    };

    /// <summary>What a loop over the value goes over.</summary>
    public static IReadOnlyList<object?> Items(object? value, int line) => value switch
    {
        ListValue list => list.Items,
        DictValue dict => [.. dict.Items.Keys],
        string text => [.. PythonText.Characters(text)],
        Undefined => [],
        _ => throw new TemplateException($"'{TypeName(value)}' is not iterable", line),
    };

    public static long Length(object? value, int line) => value switch
    {
        string text => PythonText.Length(text),
        ListValue list => list.Items.Count,
        DictValue dict => dict.Items.Count,
        Undefined => 0,
        LoopValue loop => loop.Length,
        _ => throw new TemplateException($"'{TypeName(value)}' has no length", line),
    };

    /// <summary>A long or a double, of a bool 0 or 1; null for everything else.</summary>
    public static object? Number(object? value) => value switch
    {
        bool flag => flag ? 1L : 0L,
        long or double => value,
        _ => null,
    };

    public static string? Missing(object? value) => value is Undefined undefined ? undefined.Problem : null;

    public static object? Binary(string sign, object? one, object? other, Budget budget, int line)
    {
        if ((Number(one), Number(other)) is ({ } a, { } b)) return Arithmetic(sign, a, b, line);
        switch (sign, one, other)
        {
            case ("+", string x, string y):
                budget.Want(x.Length + y.Length, line);
                return x + y;
            case ("+", ListValue x, ListValue y) when x.IsTuple == y.IsTuple:
                budget.Spend(x.Items.Count + y.Items.Count, line);
                return new ListValue([.. x.Items, .. y.Items], x.IsTuple);
            case ("*", string or ListValue, _) when Number(other) is long times: return Repeated(one, times, budget, line);
            case ("*", _, string or ListValue) when Number(one) is long times: return Repeated(other, times, budget, line);
            case ("%", string format, _): return Formatting.Percent(format, other is ListValue { IsTuple: true } tuple ? tuple.Items : [other], budget, line);
            default:
                throw new TemplateException(Missing(one) ?? Missing(other) ?? $"'{sign}' takes no '{TypeName(one)}' and '{TypeName(other)}'", line);
        }
    }

    private static object Repeated(object? value, long times, Budget budget, int line)
    {
        times = Math.Max(times, 0);
        if (value is string text)
        {
            budget.Want((long)Int128.Min((Int128)text.Length * times, long.MaxValue), line);
            return new StringBuilder().Insert(0, text, (int)times).ToString();
        }

        var list = (ListValue)value!;
        budget.Spend((long)Int128.Min((Int128)list.Items.Count * times, int.MaxValue), line);
        return new ListValue([.. Enumerable.Range(0, (int)times).SelectMany(_ => list.Items)], list.IsTuple);
    }

    private static object Arithmetic(string sign, object one, object other, int line)
    {
        try
        {
            if (one is long a && other is long b && sign != "/" && !(sign == "**" && b < 0))
            {
                return sign switch
                {
                    "+" => checked(a + b),
                    "-" => checked(a - b),
                    "*" => checked(a * b),
                    "//" => b == 0 ? throw new DivideByZeroException() : a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0),
                    "%" => b == 0 ? throw new DivideByZeroException() : ((a % b) + b) % b,
                    _ => Power(a, b),
                };
            }

            var (x, y) = (Convert.ToDouble(one, CultureInfo.InvariantCulture), Convert.ToDouble(other, CultureInfo.InvariantCulture));
            if (sign is "/" or "//" or "%" && y == 0) throw new DivideByZeroException();
            return sign switch
            {
                "+" => x + y,
                "-" => x - y,
                "*" => x * y,
                "/" => x / y,
                "//" => Math.Floor(x / y),
                "%" => x - y * Math.Floor(x / y),
                _ => Math.Pow(x, y),
            };
        }
        catch (DivideByZeroException)
        {
            throw new TemplateException("division by zero", line);
        }
        catch (OverflowException)
        {
            throw new TemplateException($"the result of '{sign}' is too large", line);
        }
    }

    private static long Power(long value, long exponent)
    {
        var result = 1L;
        for (; exponent > 0; exponent >>= 1)
        {
            if ((exponent & 1) == 1) result = checked(result * value);
            if (exponent > 1) value = checked(value * value);
        }

        return result;
    }

    /// <summary>str of a value.</summary>
    public static string Text(object? value, Budget budget, int line) => value switch
    {
        string text => text,
        Undefined => "",
        _ => Shown(value, budget, line),
    };

    private static string Shown(object? value, Budget budget, int line)
    {
        var text = new StringBuilder();
        Show(value, text, budget, line, 0);
        return text.ToString();
    }

    // repr of a value.
    private static void Show(object? value, StringBuilder text, Budget budget, int line, int depth)
    {
        if (depth > Budget.MostDepth) throw new TemplateException("a value holds others too deep to be printed", line);
        budget.Want(text.Length, line);
        switch (value)
        {
            case null: text.Append("None"); break;
            case bool flag: text.Append(flag ? "True" : "False"); break;
            case long number: text.Append(CultureInfo.InvariantCulture, $"{number}"); break;
            case double number: text.Append(Formatting.Real(number)); break;
            case string word: text.Append(PythonText.Quoted(word)); break;
            case Undefined: text.Append("Undefined"); break;
            case ListValue list:
                text.Append(list.IsTuple ? '(' : '[');
                for (var i = 0; i < list.Items.Count; i++)
                {
                    if (i > 0) text.Append(", ");
                    Show(list.Items[i], text, budget, line, depth + 1);
                }

                text.Append(list.IsTuple ? list.Items.Count == 1 ? ",)" : ")" : "]");
                break;
            case DictValue dict:
                text.Append('{');
                foreach (var (key, item) in dict.Items)
                {
                    if (!ReferenceEquals(key, dict.Items.GetAt(0).Key)) text.Append(", ");
                    Show(key, text, budget, line, depth + 1);
                    text.Append(": ");
                    Show(item, text, budget, line, depth + 1);
                }

                text.Append('}');
                break;
            default: throw new TemplateException($"'{TypeName(value)}' cannot be printed", line);
        }
    }
}
