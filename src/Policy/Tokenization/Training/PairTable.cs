namespace Rlhf.Policies.Tokenization.Training;

/// <summary>The words as ids, how often each pair of neighbours stands in them, and in which words.</summary>
internal sealed class PairTable
{
    private readonly List<CountedWord> _words = [];
    private readonly Dictionary<IdPair, PairCount> _pairs = [];

    // A pair is queued anew whenever its count changed; an entry with another count than that of now is stale.
    private readonly PriorityQueue<IdPair, (long NegativeCount, int Left, int Right)> _queue = new();
    private readonly HashSet<IdPair> _changed = [];

    public void AddWord(int[] ids, long count)
    {
        _words.Add(new CountedWord(ids, count));
        CountPairs(_words.Count - 1, count);
    }

    /// <summary>Removes the most frequent pair, or gives null where none is frequent enough.</summary>
    public IdPair? TakeBest(int minFrequency)
    {
        Requeue();
        while (_queue.TryDequeue(out var pair, out var priority))
        {
            if (!_pairs.TryGetValue(pair, out var now) || now.Count != -priority.NegativeCount) continue;
            return now.Count >= minFrequency ? pair : null;
        }

        return null;
    }

    /// <summary>Makes one id of every such pair, from left to right.</summary>
    public void Merge(IdPair pair, int merged)
    {
        _pairs.Remove(pair, out var counted);
        foreach (var index in counted!.Words)
        {
            var word = _words[index];
            if (!word.Holds(pair)) continue;
            CountPairs(index, -word.Count);
            word.Merge(pair, merged);
            CountPairs(index, word.Count);
        }

        _pairs.Remove(pair);
    }

    private void CountPairs(int index, long change)
    {
        var ids = _words[index].Ids;
        for (var i = 0; i + 1 < ids.Length; i++)
        {
            var pair = new IdPair(ids[i], ids[i + 1]);
            if (!_pairs.TryGetValue(pair, out var counted)) _pairs.Add(pair, counted = new PairCount());
            counted.Count += change;
            if (change > 0) counted.AddWord(index);
            _changed.Add(pair);
        }
    }

    private void Requeue()
    {
        foreach (var pair in _changed)
            if (_pairs.TryGetValue(pair, out var counted) && counted.Count > 0) _queue.Enqueue(pair, (-counted.Count, pair.Left, pair.Right));
        _changed.Clear();
    }

    private sealed class PairCount
    {
        public long Count { get; set; }

        public List<int> Words { get; } = [];

        /// <summary>Notes a word; within one word the same pair comes several times in a row.</summary>
        public void AddWord(int index)
        {
            if (Words.Count == 0 || Words[^1] != index) Words.Add(index);
        }
    }

    private sealed class CountedWord(int[] ids, long count)
    {
        private int[] _ids = ids;

        public ReadOnlySpan<int> Ids => _ids;

        public long Count => count;

        public bool Holds(IdPair pair)
        {
            for (var i = 0; i + 1 < _ids.Length; i++)
                if (_ids[i] == pair.Left && _ids[i + 1] == pair.Right) return true;
            return false;
        }

        public void Merge(IdPair pair, int merged)
        {
            var kept = 0;
            for (var i = 0; i < _ids.Length; i++)
            {
                var matches = i + 1 < _ids.Length && _ids[i] == pair.Left && _ids[i + 1] == pair.Right;
                _ids[kept++] = matches ? merged : _ids[i];
                if (matches) i++;
            }

            Array.Resize(ref _ids, kept);
        }
    }
}
