namespace Rlhf.Policies.Tokenization.Jinja;

// Values are null (none), bool, long, double, string and these.

/// <summary>A name or an attribute that is not there. It prints as nothing and is false; to do anything else with it is an error.</summary>
internal sealed record Undefined(string Problem);

/// <summary>A list, or a tuple, which differs in how it prints.</summary>
internal sealed class ListValue(List<object?> items, bool isTuple = false)
{
    public List<object?> Items => items;

    public bool IsTuple => isTuple;

    public static ListValue Of(params IEnumerable<object?> items) => new([.. items]);

    public static ListValue Tuple(params IEnumerable<object?> items) => new([.. items], isTuple: true);
}

/// <summary>Keys and values in the order they came in.</summary>
internal sealed class DictValue
{
    public OrderedDictionary<object, object?> Items { get; } = new(KeyComparer.Instance);

    private sealed class KeyComparer : IEqualityComparer<object>
    {
        public static KeyComparer Instance { get; } = new();

        public new bool Equals(object? x, object? y) => Operations.AreEqual(x, y);

        public int GetHashCode(object obj) => obj switch
        {
            bool flag => flag ? 1 : 0,
            long number => number.GetHashCode(),
            double number when number == Math.Floor(number) && Math.Abs(number) < 1e15 => ((long)number).GetHashCode(),
            ListValue list => list.Items.Count,
            _ => obj.GetHashCode(),
        };
    }
}

/// <summary>What <c>namespace(…)</c> makes: the one value whose attributes a template may set.</summary>
internal sealed class NamespaceValue
{
    public Dictionary<string, object?> Items { get; } = new(StringComparer.Ordinal);
}

/// <summary>What a template can call.</summary>
internal sealed class FunctionValue(string name, Func<Frame, Arguments, int, object?> body)
{
    public string Name => name;

    /// <summary>Attributes, as a macro has them.</summary>
    public Dictionary<string, object?> Attributes { get; init; } = [];

    public object? Call(Frame frame, Arguments arguments, int line) => body(frame, arguments, line);
}

/// <summary>What a call was given.</summary>
internal sealed class Arguments(string callee, List<object?> positional, Dictionary<string, object?> named, int line)
{
    public List<object?> Positional => positional;

    public Dictionary<string, object?> Named => named;

    public static Arguments None(string callee, int line) => new(callee, [], [], line);

    /// <summary>In the order of the parameters' names; what was not given is what it is otherwise.</summary>
    public object?[] Bind(params ReadOnlySpan<(string Name, object? Otherwise)> parameters)
    {
        if (positional.Count > parameters.Length) throw new TemplateException($"{callee} takes at most {parameters.Length} arguments, and {positional.Count} are given", line);
        var values = new object?[parameters.Length];
        var known = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var isNamed = named.TryGetValue(parameters[i].Name, out var value);
            if (isNamed) known++;
            if (isNamed && i < positional.Count) throw new TemplateException($"{callee} is given '{parameters[i].Name}' twice", line);
            values[i] = i < positional.Count ? positional[i] : isNamed ? value : parameters[i].Otherwise;
            if (ReferenceEquals(values[i], Required)) throw new TemplateException($"{callee} wants '{parameters[i].Name}'", line);
        }

        if (known < named.Count)
        {
            var names = parameters.ToArray();
            throw new TemplateException($"{callee} knows no argument '{named.Keys.First(name => !Array.Exists(names, one => one.Name == name))}'", line);
        }

        return values;
    }

    /// <summary>Stands for what has to be given.</summary>
    public static object Required { get; } = new();
}
