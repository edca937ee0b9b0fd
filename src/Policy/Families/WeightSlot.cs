namespace Rlhf.Policies.Families;

/// <summary>How a checkpoint lays out a matrix that we keep as [out, in].</summary>
internal enum WeightLayout
{
    AsIs,
    /// <summary>[in, out] (GPT-2's Conv1D).</summary>
    Transposed,
    /// <summary>Rows go head by head, each with its query, key and value (GPT-NeoX); ours go all queries, all keys, all values.</summary>
    HeadByHead,
}

/// <summary>One of our parameters and the tensors of a checkpoint that make it, stacked along their rows.</summary>
/// <param name="Name">Our name inside the trunk.</param>
/// <param name="Sources">The checkpoint's names, without the family's prefix.</param>
internal sealed record WeightSlot(string Name, IReadOnlyList<string> Sources, WeightLayout Layout = WeightLayout.AsIs)
{
    public WeightSlot(string name, string source, WeightLayout layout = WeightLayout.AsIs) : this(name, [source], layout) { }
}
