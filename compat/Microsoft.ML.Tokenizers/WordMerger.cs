using System.Buffers;

namespace Microsoft.ML.Tokenizers;

/// <summary>
/// Applies merges to the ids of one word: always the pair of lowest rank, of equal ones the leftmost (Sennrich et al. 2016).
/// Short words search the ranks linearly; long ones keep them in a heap, so that n ids cost O(n log n).
/// </summary>
internal static class WordMerger
{
    private const int LinearLength = 96;

    /// <summary>Merges in place; the first ids of the span, as many as returned, are the result.</summary>
    public static int Merge(MergeTable table, Span<int> ids)
        => ids.Length <= LinearLength ? MergeShort(table, ids) : MergeLong(table, ids);

    private static int MergeShort(MergeTable table, Span<int> ids)
    {
        Span<int> ranks = stackalloc int[LinearLength];
        var count = ids.Length;
        for (var i = 0; i + 1 < count; i++) ranks[i] = table.Rank(ids[i], ids[i + 1]);

        while (count > 1)
        {
            var best = 0;
            for (var i = 1; i + 1 < count; i++)
                if (ranks[i] < ranks[best]) best = i;
            if (ranks[best] == MergeTable.NoRank) break;

            ids[best] = table.Merged(ranks[best]);
            ids[(best + 2)..count].CopyTo(ids[(best + 1)..]);
            ranks[Math.Min(best + 2, count)..count].CopyTo(ranks[(best + 1)..]);
            count--;
            if (best + 1 < count) ranks[best] = table.Rank(ids[best], ids[best + 1]);
            if (best > 0) ranks[best - 1] = table.Rank(ids[best - 1], ids[best]);
        }

        return count;
    }

    private static int MergeLong(MergeTable table, Span<int> ids)
    {
        var rented = ArrayPool<int>.Shared.Rent(3 * ids.Length);
        try
        {
            return MergeLong(table, ids, rented.AsSpan(0, ids.Length), rented.AsSpan(ids.Length, ids.Length), rented.AsSpan(2 * ids.Length, ids.Length));
        }
        finally
        {
            ArrayPool<int>.Shared.Return(rented);
        }
    }

    private static int MergeLong(MergeTable table, Span<int> ids, Span<int> ranks, Span<int> next, Span<int> previous)
    {
        // The priority orders by rank, then by place; an entry is stale when the pair at its place has another rank by now.
        var queue = new PriorityQueue<int, long>(ids.Length);
        for (var i = 0; i < ids.Length; i++)
        {
            next[i] = i + 1;
            previous[i] = i - 1;
        }

        for (var i = 0; i < ids.Length; i++) Queue(i, ids, ranks, next);

        while (queue.TryDequeue(out var place, out var priority))
        {
            var rank = (int)(priority >> 32);
            if (ranks[place] != rank) continue;

            var gone = next[place];
            ids[place] = table.Merged(rank);
            next[place] = next[gone];
            ranks[gone] = MergeTable.NoRank;
            if (next[place] < ids.Length) previous[next[place]] = place;
            Queue(place, ids, ranks, next);
            if (previous[place] >= 0) Queue(previous[place], ids, ranks, next);
        }

        var count = 0;
        for (var i = 0; i < ids.Length; i = next[i]) ids[count++] = ids[i];
        return count;

        void Queue(int place, Span<int> ids, Span<int> ranks, Span<int> next)
        {
            ranks[place] = next[place] < ids.Length ? table.Rank(ids[place], ids[next[place]]) : MergeTable.NoRank;
            if (ranks[place] != MergeTable.NoRank) queue.Enqueue(place, ((long)ranks[place] << 32) | (uint)place);
        }
    }
}
