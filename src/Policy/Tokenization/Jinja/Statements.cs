namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>Whether a loop goes on.</summary>
internal enum Flow { On, Break, Continue }

/// <summary>What writes, or changes names.</summary>
internal abstract class Statement(int line)
{
    public int Line => line;

    public Flow Run(Frame frame)
    {
        frame.Budget.Spend(1, line);
        return Execute(frame);
    }

    protected abstract Flow Execute(Frame frame);

    public static Flow RunAll(IReadOnlyList<Statement> statements, Frame frame)
    {
        foreach (var statement in statements)
        {
            if (statement.Run(frame) is var flow && flow != Flow.On) return flow;
        }

        return Flow.On;
    }
}

internal sealed class Plain(string text, int line) : Statement(line)
{
    protected override Flow Execute(Frame frame)
    {
        frame.Rendering.Write(text, Line);
        return Flow.On;
    }
}

internal sealed class Print(Expression value, int line) : Statement(line)
{
    protected override Flow Execute(Frame frame)
    {
        frame.Rendering.Write(Operations.Text(value.Value(frame), frame.Budget, Line), Line);
        return Flow.On;
    }
}

internal sealed class If(IReadOnlyList<(Expression Test, IReadOnlyList<Statement> Body)> branches, IReadOnlyList<Statement> otherwise, int line) : Statement(line)
{
    protected override Flow Execute(Frame frame)
    {
        foreach (var (test, body) in branches)
        {
            if (Operations.IsTrue(test.Value(frame))) return RunAll(body, frame);
        }

        return RunAll(otherwise, frame);
    }
}

/// <summary>What stands left of an equals sign or behind "for": a name, an attribute of a namespace, or several.</summary>
internal abstract record Target
{
    public abstract void Assign(Frame frame, object? value, int line);

    public sealed record Name(string Text) : Target
    {
        public override void Assign(Frame frame, object? value, int line) => frame.Set(Text, value);
    }

    public sealed record Attribute(string Space, string Text) : Target
    {
        public override void Assign(Frame frame, object? value, int line)
        {
            if (frame.Find(Space) is not NamespaceValue space) throw new TemplateException("cannot assign attribute on non-namespace object", line);
            space.Items[Text] = value;
        }
    }

    public sealed record Several(IReadOnlyList<Target> Targets) : Target
    {
        public override void Assign(Frame frame, object? value, int line)
        {
            var items = Operations.Items(value, line);
            if (items.Count != Targets.Count) throw new TemplateException($"{items.Count} values for {Targets.Count} names", line);
            for (var i = 0; i < items.Count; i++) Targets[i].Assign(frame, items[i], line);
        }
    }
}

internal sealed class Set(Target target, Expression value, int line) : Statement(line)
{
    protected override Flow Execute(Frame frame)
    {
        target.Assign(frame, value.Value(frame), Line);
        return Flow.On;
    }
}

/// <summary>set … endset: what the body writes, through filters where there are any.</summary>
internal sealed class SetBlock(Target target, IReadOnlyList<Statement> body, IReadOnlyList<Filtered> filters, int line) : Statement(line)
{
    protected override Flow Execute(Frame frame)
    {
        object? value = frame.Rendering.Captured(() => RunAll(body, frame.Inner()));
        foreach (var filter in filters) value = filter.Apply(frame, value);
        target.Assign(frame, value, Line);
        return Flow.On;
    }
}

internal sealed class FilterBlock(IReadOnlyList<Statement> body, IReadOnlyList<Filtered> filters, int line) : Statement(line)
{
    protected override Flow Execute(Frame frame)
    {
        object? value = frame.Rendering.Captured(() => RunAll(body, frame.Inner()));
        foreach (var filter in filters) value = filter.Apply(frame, value);
        frame.Rendering.Write(Operations.Text(value, frame.Budget, Line), Line);
        return Flow.On;
    }
}

internal sealed class For(Target target, Expression over, Expression? test, IReadOnlyList<Statement> body, IReadOnlyList<Statement> otherwise, bool isRecursive, int line) : Statement(line)
{
    protected override Flow Execute(Frame frame)
    {
        Loop(frame, over.Value(frame), 0);
        return Flow.On;
    }

    private void Loop(Frame frame, object? values, int depth)
    {
        var items = Operations.Items(values, Line);
        frame.Budget.Spend(items.Count, Line);
        if (test is not null)
        {
            items = [.. items.Where(item =>
            {
                var inner = frame.Inner();
                target.Assign(inner, item, Line);
                return Operations.IsTrue(test.Value(inner));
            })];
        }

        var loop = new LoopValue(items, depth, isRecursive ? (others, _) => frame.Rendering.Captured(() => Loop(frame, others, depth + 1)) : null);
        for (var i = 0; i < items.Count; i++)
        {
            var inner = frame.Inner();
            loop.Index = i;
            inner.Set("loop", loop);
            target.Assign(inner, items[i], Line);
            if (RunAll(body, inner) == Flow.Break) break;
        }

        if (items.Count == 0) RunAll(otherwise, frame.Inner());
    }
}

internal sealed class Leave(Flow how, int line) : Statement(line)
{
    protected override Flow Execute(Frame frame) => how;
}

internal sealed class With(IReadOnlyList<(Target Target, Expression Value)> values, IReadOnlyList<Statement> body, int line) : Statement(line)
{
    protected override Flow Execute(Frame frame)
    {
        var inner = frame.Inner();
        foreach (var (target, value) in values) target.Assign(inner, value.Value(frame), Line);
        return RunAll(body, inner);
    }
}

/// <summary>What a macro, or the body of a call block, takes and writes.</summary>
/// <param name="reads">names that the body reads: one that reads varargs takes more than it has parameters for</param>
internal sealed class MacroBody(string name, IReadOnlyList<(string Name, Expression? Otherwise)> parameters, IReadOnlyList<Statement> body, IReadOnlySet<string> reads)
{
    public FunctionValue Bound(Frame definition) => new(name, (_, arguments, line) => Call(definition, arguments, line))
    {
        Attributes = { ["name"] = name, ["arguments"] = ListValue.Tuple(parameters.Select(parameter => (object?)parameter.Name)) },
    };

    private string Call(Frame definition, Arguments arguments, int line)
    {
        var frame = definition.Inner();
        var named = new Dictionary<string, object?>(arguments.Named, StringComparer.Ordinal);
        for (var i = 0; i < parameters.Count; i++)
        {
            var (parameter, otherwise) = parameters[i];
            if (named.Remove(parameter, out var value) && i < arguments.Positional.Count) throw new TemplateException($"macro '{name}' got multiple values for argument '{parameter}'", line);
            frame.Set(parameter, i < arguments.Positional.Count ? arguments.Positional[i]
                : arguments.Named.ContainsKey(parameter) ? value
                : otherwise is not null ? otherwise.Value(frame) : new Undefined($"parameter '{parameter}' was not provided"));
        }

        named.Remove("caller", out var caller);
        if (caller is not null && !reads.Contains("caller")) throw new TemplateException($"macro '{name}' was invoked with two values for the special caller argument, or takes none", line);
        if (reads.Contains("caller")) frame.Set("caller", caller ?? new Undefined("No caller defined"));
        if (arguments.Positional.Count > parameters.Count && !reads.Contains("varargs"))
            throw new TemplateException($"macro '{name}' takes not more than {parameters.Count} argument(s)", line);
        if (named.Count > 0 && !reads.Contains("kwargs")) throw new TemplateException($"macro '{name}' takes no keyword argument '{named.Keys.First()}'", line);
        frame.Set("varargs", ListValue.Tuple(arguments.Positional.Skip(parameters.Count)));
        var rest = new DictValue();
        foreach (var (key, value) in named) rest.Items[key] = value;
        frame.Set("kwargs", rest);
        return frame.Rendering.Captured(() => Statement.RunAll(body, frame));
    }
}

internal sealed class Macro(string name, MacroBody body, int line) : Statement(line)
{
    protected override Flow Execute(Frame frame)
    {
        frame.Set(name, body.Bound(frame));
        return Flow.On;
    }
}

internal sealed class CallBlock(CallOf call, MacroBody body, int line) : Statement(line)
{
    protected override Flow Execute(Frame frame)
    {
        frame.Rendering.Write(Operations.Text(call.Call(frame, body.Bound(frame)), frame.Budget, Line), Line);
        return Flow.On;
    }
}

/// <summary>generation … endgeneration: what an assistant produces, and a model learns.</summary>
internal sealed class Generation(IReadOnlyList<Statement> body, int line) : Statement(line)
{
    protected override Flow Execute(Frame frame)
    {
        var rendering = frame.Rendering;
        var start = rendering.Output.Length;
        rendering.Write(rendering.Captured(() => RunAll(body, frame.Inner())), Line);
        if (rendering.IsOutermost) rendering.Produced.Add((start, rendering.Output.Length));
        return Flow.On;
    }
}
