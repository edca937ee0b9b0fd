namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>The <c>loop</c> of a loop.</summary>
internal sealed class LoopValue(IReadOnlyList<object?> items, int depth, Func<object?, int, string>? again)
{
    private object?[]? _last;

    public int Index { get; set; }

    public long Length => items.Count;

    public int Depth => depth;

    public object? Attribute(string name, int line) => name switch
    {
        "index" => Index + 1L,
        "index0" => (long)Index,
        "revindex" => Length - Index,
        "revindex0" => Length - Index - 1,
        "first" => Index == 0,
        "last" => Index == Length - 1,
        "length" => Length,
        "depth" => depth + 1L,
        "depth0" => (long)depth,
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("there is no previous item"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new Undefined("there is no next item"),
        "cycle" => new FunctionValue("cycle", (_, arguments, at) => arguments.Positional.Count > 0 ? arguments.Positional[Index % arguments.Positional.Count] : throw new TemplateException("no items for cycling given", at)),
        "changed" => new FunctionValue("changed", (_, arguments, _) => Changed([.. arguments.Positional])),
        _ => new Undefined($"'{Operations.TypeName(this)}' has no attribute '{name}'"),
    };

    /// <summary>The loop's body over other items, where the loop is recursive.</summary>
    public string Again(object? others, int line) => again is null ? throw new TemplateException("the loop is called, but is not marked 'recursive'", line) : again(others, line);

    private bool Changed(object?[] values)
    {
        var same = _last is not null && _last.Length == values.Length && _last.Zip(values).All(pair => Operations.AreEqual(pair.First, pair.Second));
        _last = values;
        return !same;
    }
}
