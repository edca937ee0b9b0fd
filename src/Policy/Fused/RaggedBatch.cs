using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>Rows that belong together, and those of them that are asked for, counted among all that are.</summary>
internal readonly record struct RowPart(Extent Rows, Extent Asked);

/// <summary>
/// The real tokens of a batch without its padding, sequence after sequence, and the rows among them whose hidden states are asked
/// for: the last layer computes no others behind its attention.
/// </summary>
internal sealed unsafe class RaggedBatch : IDisposable
{
    /// <summary>Rows of a segment at most: what is added up over rows is added up within each first.</summary>
    private const int SegmentRows = 128;

    private readonly NativeBuffer _memory;

    /// <param name="lengths">tokens of each sequence</param>
    /// <param name="asked">the row of each place that is asked for, −1 where a place has none</param>
    public RaggedBatch(IReadOnlyList<int> lengths, int[] asked)
    {
        Sequences = new Extent[lengths.Count];
        for (int i = 0, row = 0; i < lengths.Count; row = Sequences[i++].End) Sequences[i] = new Extent(row, row + lengths[i]);
        Rows = Sequences.Length == 0 ? 0 : Sequences[^1].End;
        Output = new int[asked.Length];
        var numberOf = new int[Rows];
        foreach (var row in asked)
            if (row >= 0) numberOf[row] = 1;
        for (var row = 0; row < Rows; row++) numberOf[row] = numberOf[row] == 0 ? -1 : AskedCount++;
        for (var place = 0; place < asked.Length; place++) Output[place] = asked[place] < 0 ? -1 : numberOf[asked[place]];
        AsksAll = AskedCount == Rows;
        _memory = new NativeBuffer(2L * Rows + AskedCount);
        for (var row = 0; row < Rows; row++)
            if (numberOf[row] >= 0) AskedRows[numberOf[row]] = row;
        (Segments, FirstSegments) = Cut();
    }

    /// <summary>N.</summary>
    public int Rows { get; }

    public Extent[] Sequences { get; }

    /// <summary>N', the rows that are asked for.</summary>
    public int AskedCount { get; }

    /// <summary>Whether these are all rows, each in its place.</summary>
    public bool AsksAll { get; }

    /// <summary>For each place which of the rows that are asked for it gets, −1 for none.</summary>
    public int[] Output { get; }

    /// <summary>[N].</summary>
    public int* Tokens => (int*)_memory.Data;

    /// <summary>[N].</summary>
    public int* Positions => Tokens + Rows;

    /// <summary>[N'] rows, in their order.</summary>
    public int* AskedRows => Positions + Rows;

    /// <summary>Sequences, long ones in parts.</summary>
    public RowPart[] Segments { get; }

    /// <summary>The first segment of each sequence, and behind them how many there are.</summary>
    public int[] FirstSegments { get; }

    /// <summary>The segments of these sequences, as one part.</summary>
    public RowPart Whole(Extent sequences)
    {
        var (first, last) = (Segments[FirstSegments[sequences.First]], Segments[FirstSegments[sequences.End] - 1]);
        return new RowPart(new Extent(first.Rows.First, last.Rows.End), new Extent(first.Asked.First, last.Asked.End));
    }

    /// <summary>Whole sequences in groups that so many threads can share evenly; null where they cannot.</summary>
    /// <param name="threads">that share</param>
    /// <param name="most">groups for each of them: fewer read the weights less often</param>
    public Extent[]? Groups(int threads, int most)
    {
        var share = Rows / threads;
        // Groups of fewer rows would read the weights too often.
        if (threads > 1 && share < 16) return null;
        var target = share / Math.Clamp(share / 48, 1, most);
        var groups = new List<Extent>();
        for (int first = 0, end = 1; first < Sequences.Length; first = end++)
        {
            while (end < Sequences.Length && Sequences[end].End - Sequences[first].First <= target) end++;
            groups.Add(new Extent(first, end));
        }

        var largest = groups.Max(group => Whole(group).Rows.Count);
        return threads == 1 || (groups.Count >= threads && largest <= share + share / 4) ? [.. groups] : null;
    }

    public void Dispose() => _memory.Dispose();

    private (RowPart[] Segments, int[] First) Cut()
    {
        var (segments, first, asked) = (new List<RowPart>(), new int[Sequences.Length + 1], 0);
        for (var sequence = 0; sequence < Sequences.Length; sequence++)
        {
            first[sequence] = segments.Count;
            for (var row = Sequences[sequence].First; row < Sequences[sequence].End; row += SegmentRows)
            {
                var (end, begun) = (Math.Min(row + SegmentRows, Sequences[sequence].End), asked);
                while (asked < AskedCount && AskedRows[asked] < end) asked++;
                segments.Add(new RowPart(new Extent(row, end), new Extent(begun, asked)));
            }
        }

        first[^1] = segments.Count;
        return ([.. segments], first);
    }
}
