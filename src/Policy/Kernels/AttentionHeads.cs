namespace Rlhf.Policies.Kernels;

/// <summary>How the heads of attention lie in rows of queries, keys and values: each head in whole pairs of chunks.</summary>
/// <param name="Count">H, of queries</param>
/// <param name="Shared">Hkv, of keys and values</param>
/// <param name="Width">Dh</param>
/// <param name="Window">keys further back are not seen; 0: all are</param>
internal readonly record struct AttentionHeads(int Count, int Shared, int Width, int Window)
{
    /// <summary>Chunks of a head.</summary>
    public int Chunks => Panels.Chunks(Width);

    /// <summary>Columns of a head with those that fill it up.</summary>
    public int Depth => Panels.Padded(Width);

    /// <summary>Queries that look at the same keys.</summary>
    public int Group => Count / Shared;

    public float Scale => 1 / MathF.Sqrt(Width);

    /// <summary>The first chunk of a query head, of a head of keys, and of one of values.</summary>
    public int Query(int head) => head * Chunks;

    public int Key(int head) => (Count + head) * Chunks;

    public int Value(int head) => (Count + Shared + head) * Chunks;

    /// <summary>The first key that a query sees.</summary>
    public int FirstSeen(int query) => Window == 0 ? 0 : Math.Max(0, query - Window + 1);
}
