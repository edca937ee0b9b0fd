namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>value is name(arguments).</summary>
internal delegate bool Test(object? value, Arguments arguments, int line);

/// <summary>Jinja's tests.</summary>
internal static class Tests
{
    private static readonly Dictionary<string, Test> s_known = new(StringComparer.Ordinal)
    {
        ["defined"] = (value, _, _) => value is not Undefined,
        ["undefined"] = (value, _, _) => value is Undefined,
        ["none"] = (value, _, _) => value is null,
        ["boolean"] = (value, _, _) => value is bool,
        ["true"] = (value, _, _) => value is true,
        ["false"] = (value, _, _) => value is false,
        ["string"] = (value, _, _) => value is string,
        ["number"] = (value, _, _) => value is bool or long or double,
        ["integer"] = (value, _, _) => value is long,
        ["float"] = (value, _, _) => value is double,
        ["mapping"] = (value, _, _) => value is DictValue,
        ["sequence"] = (value, _, _) => value is string or ListValue or DictValue or Undefined,
        ["iterable"] = (value, _, _) => value is string or ListValue or DictValue or Undefined,
        ["callable"] = (value, _, _) => value is FunctionValue,
        ["odd"] = (value, _, line) => Remainder(value, 2, line) == 1,
        ["even"] = (value, _, line) => Remainder(value, 2, line) == 0,
        ["divisibleby"] = (value, arguments, line) => Operations.Number(arguments.Bind(("num", Arguments.Required))[0]) is long by && by != 0 ? Remainder(value, by, line) == 0 : throw new TemplateException("'divisibleby' wants a whole number that is not 0", line),
        ["upper"] = (value, _, _) => value is string text && text == PythonText.Upper(text) && text.Any(char.IsLetter),
        ["lower"] = (value, _, _) => value is string text && text == PythonText.Lower(text) && text.Any(char.IsLetter),
        ["escaped"] = (_, _, _) => false,
        ["sameas"] = (value, arguments, _) => arguments.Bind(("other", Arguments.Required))[0] is var other && (value is null or bool or long or string ? value?.GetType() == other?.GetType() && Equals(value, other) : ReferenceEquals(value, other)),
        ["in"] = (value, arguments, line) => Operations.Contains(arguments.Bind(("seq", Arguments.Required))[0], value, line),
        ["filter"] = (value, _, _) => value is string name && Filters.Find(name) is not null,
        ["test"] = (value, _, _) => value is string name && Find(name) is not null,
    };

    static Tests()
    {
        Add((value, other, _) => Operations.AreEqual(value, other), "eq", "equalto", "==");
        Add((value, other, _) => !Operations.AreEqual(value, other), "ne", "!=");
        Add((value, other, line) => Operations.Compare(value, other, line) < 0, "lt", "lessthan", "<");
        Add((value, other, line) => Operations.Compare(value, other, line) <= 0, "le", "<=");
        Add((value, other, line) => Operations.Compare(value, other, line) > 0, "gt", "greaterthan", ">");
        Add((value, other, line) => Operations.Compare(value, other, line) >= 0, "ge", ">=");
    }

    public static Test? Find(string name) => s_known.GetValueOrDefault(name);

    private static void Add(Func<object?, object?, int, bool> test, params ReadOnlySpan<string> names)
    {
        foreach (var name in names) s_known[name] = (value, arguments, line) => test(value, arguments.Bind(("other", Arguments.Required))[0], line);
    }

    private static long Remainder(object? value, long by, int line) => Operations.Number(value) is long number ? ((number % by) + by) % by
        : throw new TemplateException(Operations.Missing(value) ?? $"a whole number is expected, not '{Operations.TypeName(value)}'", line);
}
