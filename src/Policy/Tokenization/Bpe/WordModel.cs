using System.Collections.Concurrent;

namespace Rlhf.Policies.Tokenization.Bpe;

/// <summary>Words to ids, with a cache of words. Safe to use from several threads.</summary>
internal abstract class WordModel
{
    private const int CachedWords = 1 << 16;
    private const int CachedLength = 48;

    private readonly ConcurrentDictionary<string, int[]> _cache = new();
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cached;
    private int _cacheCount;

    protected WordModel() => _cached = _cache.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Appends the ids of one word.</summary>
    public void Encode(ReadOnlySpan<char> word, List<int> output)
    {
        if (word.Length > CachedLength)
        {
            output.AddRange(Encode(word));
            return;
        }

        if (!_cached.TryGetValue(word, out var ids))
        {
            ids = Encode(word);
            if (Volatile.Read(ref _cacheCount) < CachedWords && _cached.TryAdd(word, ids)) Interlocked.Increment(ref _cacheCount);
        }

        output.AddRange(ids);
    }

    protected abstract int[] Encode(ReadOnlySpan<char> word);
}
