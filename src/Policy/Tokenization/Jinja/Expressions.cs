namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>What has a value.</summary>
internal abstract class Expression(int line)
{
    public int Line => line;

    public object? Value(Frame frame)
    {
        frame.Budget.Spend(1, line);
        return Evaluate(frame);
    }

    protected abstract object? Evaluate(Frame frame);
}

internal sealed class Constant(object? value, int line) : Expression(line)
{
    protected override object? Evaluate(Frame frame) => value;
}

internal sealed class NameOf(string name, int line) : Expression(line)
{
    public string Name => name;

    protected override object? Evaluate(Frame frame) => frame.Find(name);
}

internal sealed class ListOf(IReadOnlyList<Expression> items, bool isTuple, int line) : Expression(line)
{
    protected override object? Evaluate(Frame frame) => new ListValue([.. items.Select(item => item.Value(frame))], isTuple);
}

internal sealed class DictOf(IReadOnlyList<(Expression Key, Expression Value)> items, int line) : Expression(line)
{
    protected override object? Evaluate(Frame frame)
    {
        var dict = new DictValue();
        foreach (var (key, value) in items) dict.Items[key.Value(frame) ?? throw new TemplateException("none as the key of a dict is not supported", Line)] = value.Value(frame);
        return dict;
    }
}

internal sealed class Negation(Expression of, int line) : Expression(line)
{
    protected override object? Evaluate(Frame frame) => !Operations.IsTrue(of.Value(frame));
}

internal sealed class Signed(char sign, Expression of, int line) : Expression(line)
{
    protected override object? Evaluate(Frame frame)
    {
        var value = of.Value(frame);
        return Operations.Number(value) switch
        {
            long number when number != long.MinValue => (object)(sign == '-' ? -number : number),
            double number => sign == '-' ? -number : number,
            _ => throw new TemplateException(Operations.Missing(value) ?? $"'{sign}' takes no '{Operations.TypeName(value)}'", Line),
        };
    }
}

/// <summary>and, or: the value that decides, as in Python.</summary>
internal sealed class Junction(bool isAnd, Expression left, Expression right, int line) : Expression(line)
{
    protected override object? Evaluate(Frame frame)
    {
        var value = left.Value(frame);
        return Operations.IsTrue(value) == isAnd ? right.Value(frame) : value;
    }
}

internal sealed class Choice(Expression test, Expression then, Expression? otherwise, int line) : Expression(line)
{
    protected override object? Evaluate(Frame frame) => Operations.IsTrue(test.Value(frame)) ? then.Value(frame)
        : otherwise is null ? new Undefined("the inline if-expression evaluated to false and no else section was defined") : otherwise.Value(frame);
}

internal sealed class BinaryOf(string sign, Expression left, Expression right, int line) : Expression(line)
{
    protected override object? Evaluate(Frame frame) => Operations.Binary(sign, left.Value(frame), right.Value(frame), frame.Budget, Line);
}

/// <summary>a ~ b ~ c: texts of all, one after the other.</summary>
internal sealed class Joined(IReadOnlyList<Expression> parts, int line) : Expression(line)
{
    protected override object? Evaluate(Frame frame)
    {
        string[] texts = [.. parts.Select(part => Operations.Text(part.Value(frame), frame.Budget, Line))];
        frame.Budget.Want(texts.Sum(text => (long)text.Length), Line);
        return string.Concat(texts);
    }
}

/// <summary>a &lt; b &lt;= c: each with the next, and all of them.</summary>
internal sealed class Comparison(Expression first, IReadOnlyList<(string Sign, Expression Other)> rest, int line) : Expression(line)
{
    protected override object? Evaluate(Frame frame)
    {
        var left = first.Value(frame);
        foreach (var (sign, other) in rest)
        {
            var right = other.Value(frame);
            frame.Budget.Spend(left is ListValue or DictValue or string || right is ListValue or DictValue or string ? 16 : 1, Line);
            var holds = sign switch
            {
                "==" => Operations.AreEqual(left, right),
                "!=" => !Operations.AreEqual(left, right),
                "in" => Operations.Contains(right, left, Line),
                "not in" => !Operations.Contains(right, left, Line),
                "<" => Operations.Compare(left, right, Line) < 0,
                "<=" => Operations.Compare(left, right, Line) <= 0,
                ">" => Operations.Compare(left, right, Line) > 0,
                _ => Operations.Compare(left, right, Line) >= 0,
            };
            if (!holds) return false;
            left = right;
        }

        return true;
    }
}

internal sealed class AttributeOf(Expression of, string name, int line) : Expression(line)
{
    public Expression Of => of;

    public string Name => name;

    protected override object? Evaluate(Frame frame) => Lookup.Attribute(of.Value(frame), name, Line);
}

internal sealed class ItemOf(Expression of, Expression key, int line) : Expression(line)
{
    protected override object? Evaluate(Frame frame) => Lookup.Item(of.Value(frame), key.Value(frame), Line);
}

internal sealed class SliceOf(Expression of, Expression? start, Expression? stop, Expression? step, int line) : Expression(line)
{
    protected override object? Evaluate(Frame frame) => Lookup.Slice(of.Value(frame), start?.Value(frame), stop?.Value(frame), step?.Value(frame), frame.Budget, Line);
}

/// <summary>What a call, a filter or a test is given.</summary>
internal sealed class CallArguments(IReadOnlyList<Expression> positional, IReadOnlyList<(string Name, Expression Value)> named, Expression? spread, Expression? spreadNamed)
{
    public static CallArguments None { get; } = new([], [], null, null);

    public static CallArguments One(Expression argument) => new([argument], [], null, null);

    public Arguments Values(Frame frame, string callee, int line)
    {
        List<object?> values = [.. positional.Select(one => one.Value(frame))];
        if (spread is not null) values.AddRange(Operations.Items(spread.Value(frame), line));
        var names = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in named) names[name] = value.Value(frame);
        if (spreadNamed is not null)
        {
            if (spreadNamed.Value(frame) is not DictValue dict) throw new TemplateException("what stands behind '**' has to be a dict", line);
            foreach (var (name, value) in dict.Items) names[name as string ?? throw new TemplateException("names of arguments are texts", line)] = value;
        }

        return new Arguments(callee, values, names, line);
    }
}

internal sealed class CallOf(Expression callee, CallArguments arguments, int line) : Expression(line)
{
    protected override object? Evaluate(Frame frame) => Call(frame, null);

    /// <summary>With what a call block gives it as <c>caller</c>.</summary>
    public object? Call(Frame frame, FunctionValue? caller)
    {
        var function = callee.Value(frame);
        var name = callee is AttributeOf attribute ? attribute.Name : (callee as NameOf)?.Name ?? "the value";
        var given = arguments.Values(frame, name, Line);
        if (caller is not null) given.Named["caller"] = caller;
        frame.Budget.Enter(Line);
        try
        {
            return function switch
            {
                FunctionValue known => known.Call(frame, given, Line),
                LoopValue loop => loop.Again(given.Bind(("iterable", Arguments.Required))[0], Line),
                _ => throw new TemplateException(Operations.Missing(function) ?? $"'{Operations.TypeName(function)}' cannot be called", Line),
            };
        }
        finally
        {
            frame.Budget.Leave();
        }
    }
}

internal sealed class Filtered(Expression? of, string name, CallArguments arguments, int line) : Expression(line)
{
    private readonly Filter _filter = Filters.Find(name) ?? throw new TemplateException($"there is no filter '{name}' here", line);

    protected override object? Evaluate(Frame frame) => Apply(frame, of!.Value(frame));

    public object? Apply(Frame frame, object? value) => _filter(frame, value, arguments.Values(frame, $"the filter '{name}'", Line), Line);
}

internal sealed class Tested(Expression of, string name, CallArguments arguments, int line) : Expression(line)
{
    private readonly Test _test = Tests.Find(name) ?? throw new TemplateException($"there is no test '{name}' here", line);

    protected override object? Evaluate(Frame frame) => _test(of.Value(frame), arguments.Values(frame, $"the test '{name}'", Line), Line);
}
