using System.Text;
using Rlhf.Policies.Tokenization.Bpe;
using Rlhf.Policies.Tokenization.Splitting;

namespace Rlhf.Policies.Tokenization.Training;

/// <summary>How often each word (a match of GPT-2's pattern) stands in the texts; special tokens part texts and are no words.</summary>
internal sealed class WordCounts
{
    private readonly Dictionary<string, long> _counts = [];
    private readonly Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly WordSplitting _splitting = new() { Splitters = [new RegexSplitter(SplitPattern.Gpt2(), MatchBehavior.Isolated)] };
    private readonly AddedTokenTrie _special;

    public WordCounts(IReadOnlyList<string> specialTokens)
    {
        _lookup = _counts.GetAlternateLookup<ReadOnlySpan<char>>();
        _special = new AddedTokenTrie(specialTokens.Select((token, id) => new AddedToken(token, id)));
    }

    public void Add(string text)
    {
        foreach (var segment in _special.Split(text, SpecialTokensInText.AreTokens))
        {
            if (segment.Token is not null) continue;
            var stretch = text[segment.Start..segment.End];
            foreach (var word in _splitting.Split(stretch))
                System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_lookup, stretch.AsSpan(word.Start, word.Length), out _)++;
        }
    }

    /// <summary>Words as bytes, the most frequent first; of equally frequent ones in order of their letters.</summary>
    public List<(byte[] Bytes, long Count)> Sorted()
        => [.. _counts.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => (Encoding.UTF8.GetBytes(pair.Key), pair.Value))];
}
