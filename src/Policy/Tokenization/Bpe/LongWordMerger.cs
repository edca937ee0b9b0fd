namespace Rlhf.Policies.Tokenization.Bpe;

/// <summary>
/// Applies merges to one long word: always the pair of lowest rank, of equal ones the leftmost (Sennrich et al. 2016). Ranks
/// are kept in a heap, so that n characters cost O(n log n); the package goes over the word for every merge.
/// </summary>
internal sealed class LongWordMerger
{
    private readonly MergeTable _table;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;

    /// <param name="merges">pairs "left right", best first</param>
    public LongWordMerger(Dictionary<string, int> vocabulary, IReadOnlyList<string> merges)
    {
        _ids = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        _table = new MergeTable(merges.Count);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var merge = merges[rank];
            var space = merge.IndexOf(' ', StringComparison.Ordinal);
            var (left, right) = (merge[..space], merge[(space + 1)..]);
            _table.Add(vocabulary[left], vocabulary[right], rank, vocabulary[left + right]);
        }
    }

    /// <param name="letters">the word; at byte level its bytes in GPT-2's letters</param>
    public List<int> Merge(ReadOnlySpan<char> letters)
    {
        var ids = Characters(letters);
        var ranks = new int[ids.Count];
        var next = new int[ids.Count];
        var previous = new int[ids.Count];
        // The priority orders by rank, then by place; an entry is stale when the pair at its place has another rank by now.
        var queue = new PriorityQueue<int, long>(ids.Count);
        for (var i = 0; i < ids.Count; i++) (next[i], previous[i]) = (i + 1, i - 1);
        for (var i = 0; i < ids.Count; i++) Queue(i);
        while (queue.TryDequeue(out var place, out var priority))
        {
            var rank = (int)(priority >> 32);
            if (ranks[place] != rank) continue;
            var gone = next[place];
            ids[place] = _table.Merged(rank);
            next[place] = next[gone];
            ranks[gone] = MergeTable.NoRank;
            if (next[place] < ids.Count) previous[next[place]] = place;
            Queue(place);
            if (previous[place] >= 0) Queue(previous[place]);
        }

        var merged = new List<int>();
        for (var i = 0; i < ids.Count; i = next[i]) merged.Add(ids[i]);
        return merged;

        void Queue(int place)
        {
            ranks[place] = next[place] < ids.Count ? _table.Rank(ids[place], ids[next[place]]) : MergeTable.NoRank;
            if (ranks[place] != MergeTable.NoRank) queue.Enqueue(place, ((long)ranks[place] << 32) | (uint)place);
        }
    }

    // Characters that the vocabulary lacks are left out, as the package does.
    private List<int> Characters(ReadOnlySpan<char> letters)
    {
        var ids = new List<int>(letters.Length);
        for (var i = 0; i < letters.Length; i++)
        {
            var length = i + 1 < letters.Length && char.IsSurrogatePair(letters[i], letters[i + 1]) ? 2 : 1;
            if (_ids.TryGetValue(letters.Slice(i, length), out var id)) ids.Add(id);
            i += length - 1;
        }

        return ids;
    }
}
