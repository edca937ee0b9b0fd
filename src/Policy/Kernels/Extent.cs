namespace Rlhf.Policies.Kernels;

/// <summary>Whole numbers from the first up to the end, which is not among them.</summary>
internal readonly record struct Extent(int First, int End)
{
    public int Count => End - First;

    /// <summary>At most so many of them from there on.</summary>
    public Extent From(int first, int most) => new(first, Math.Min(End, first + most));

    public static Extent Of(int count) => new(0, count);
}
