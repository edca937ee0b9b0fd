namespace Rlhf.Policies.Kernels;

/// <summary>
/// Which columns, or rows, of a weight stand in each chunk of its panels: the heads of attention are filled up to whole chunks, and
/// of a gated layer gate and value stand beside each other.
/// </summary>
internal sealed class ChunkMap
{
    private readonly (int First, int Count)[] _chunks;

    private ChunkMap(IEnumerable<(int First, int Count)> chunks, int length)
    {
        (_chunks, Length) = ([.. chunks], length);
    }

    /// <summary>Columns of the weight.</summary>
    public int Length { get; }

    /// <summary>An even number.</summary>
    public int Count => _chunks.Length;

    /// <summary>The first column in a chunk, and how many are; the rest are zeros.</summary>
    public (int First, int Count) this[int chunk] => _chunks[chunk];

    /// <summary>One after the other.</summary>
    public static ChunkMap Plain(int length) => new(Pairs(0, length), length);

    /// <summary>Heads of so many columns, each in pairs of chunks of its own.</summary>
    public static ChunkMap Heads(int heads, int width) => new(Enumerable.Range(0, heads).SelectMany(head => Pairs(head * width, width)), heads * width);

    /// <summary>Gates, then values, of so many columns each: a chunk of the one and the same of the other by turns.</summary>
    public static ChunkMap Gated(int length) =>
        new(Pairs(0, length).SelectMany(chunk => new[] { chunk, (chunk.First + length, chunk.Count) }), 2 * length);

    private static IEnumerable<(int First, int Count)> Pairs(int first, int length)
    {
        var chunks = Chunks(first, length).ToList();
        return chunks.Count % 2 == 0 ? chunks : chunks.Append((0, 0));
    }

    private static IEnumerable<(int First, int Count)> Chunks(int first, int length)
    {
        for (var at = 0; at < length; at += Panels.Chunk) yield return (first + at, Math.Min(Panels.Chunk, length - at));
    }
}
