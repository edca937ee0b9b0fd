using System.Text;
using Rlhf.Foundation;
using Rlhf.Policies.Tokenization.Bpe;

namespace Rlhf.Policies.Tokenization.Pieces;

/// <summary>The best way through a word (Viterbi 1967); what no token covers is unknown, one character at a time.</summary>
internal sealed class UnigramModel : WordModel
{
    private const double UnknownPenalty = 10;

    private readonly TokenizerDefinition _definition;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
    private readonly Dictionary<(int Node, char Letter), int> _children = [];
    private readonly List<int> _idOfNode = [-1];
    private readonly double[] _scores;
    private readonly double _unknownScore;
    private readonly int _unknown;

    public UnigramModel(TokenizerDefinition definition)
    {
        _definition = definition;
        _scores = definition.Unigram!.Scores;
        _ids = definition.Vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        _unknownScore = _scores.Min() - UnknownPenalty;
        _unknown = definition.UnknownToken is { } unknown && definition.Vocabulary.TryGetValue(unknown, out var found) ? found : -1;
        foreach (var (token, id) in definition.Vocabulary)
        {
            var node = 0;
            foreach (var letter in token)
            {
                if (!_children.TryGetValue((node, letter), out var next))
                {
                    _children.Add((node, letter), next = _idOfNode.Count);
                    _idOfNode.Add(-1);
                }

                node = next;
            }

            if (token.Length > 0) _idOfNode[node] = id;
        }
    }

    protected override int[] Encode(ReadOnlySpan<char> word)
    {
        var best = new (double Score, int From, int Id)[word.Length + 1];
        Array.Fill(best, (double.NegativeInfinity, -1, -1));
        best[0].Score = 0;
        for (var start = 0; start < word.Length;)
        {
            var first = char.IsHighSurrogate(word[start]) && start + 1 < word.Length && char.IsLowSurrogate(word[start + 1]) ? 2 : 1;
            var isCovered = false;
            for (int node = 0, end = start; end < word.Length && _children.TryGetValue((node, word[end]), out node);)
            {
                end++;
                if (_idOfNode[node] is not (var id and >= 0)) continue;
                Offer(best, start, end, id, _scores[id]);
                isCovered |= end - start == first;
            }

            if (!isCovered) Offer(best, start, start + first, _unknown, _unknownScore);
            start += first;
        }

        return Ids(best, word);
    }

    private static void Offer((double Score, int From, int Id)[] best, int start, int end, int id, double score)
    {
        var whole = best[start].Score + score;
        if (best[end].From < 0 || whole > best[end].Score) best[end] = (whole, start, id);
    }

    // Unknown characters beside each other are one unknown.
    private int[] Ids((double Score, int From, int Id)[] best, ReadOnlySpan<char> word)
    {
        var pieces = new List<(int Start, int End, int Id)>();
        for (var end = word.Length; end > 0; end = best[end].From)
        {
            var (_, from, id) = best[end];
            if (id == _unknown && pieces.Count > 0 && pieces[^1].Id == _unknown) pieces[^1] = (from, pieces[^1].End, id);
            else pieces.Add((from, end, id));
        }

        var ids = new List<int>();
        for (var i = pieces.Count - 1; i >= 0; i--)
        {
            var (start, end, id) = pieces[i];
            if (id != _unknown) ids.Add(id);
            else Unknown(word[start..end], ids);
        }

        return [.. ids];
    }

    private void Unknown(ReadOnlySpan<char> text, List<int> ids)
    {
        if (_ids.TryGetValue(text, out var known))
        {
            ids.Add(known);
            return;
        }

        if (_definition.ByteFallback)
        {
            var bytes = new byte[Encoding.UTF8.GetByteCount(text)];
            Encoding.UTF8.GetBytes(text, bytes);
            var found = bytes.Select(value => _definition.Vocabulary.GetValueOrDefault(PieceText.ByteToken(value), -1)).ToArray();
            if (!found.Contains(-1))
            {
                ids.AddRange(found);
                return;
            }
        }

        if (_unknown < 0) throw new RlhfException($"{_definition.Source}: the vocabulary has no token for '{text}' and no unknown token; use another tokenizer");
        ids.Add(_unknown);
    }
}
