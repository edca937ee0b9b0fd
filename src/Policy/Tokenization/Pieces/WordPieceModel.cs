using Rlhf.Foundation;
using Rlhf.Policies.Tokenization.Bpe;

namespace Rlhf.Policies.Tokenization.Pieces;

/// <summary>The longest token first, from left to right; a word that does not come out even is unknown.</summary>
internal sealed class WordPieceModel : WordModel
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
    private readonly WordPieceRules _rules;
    private readonly int _unknown;
    private readonly int _longest;

    public WordPieceModel(TokenizerDefinition definition)
    {
        _rules = definition.WordPiece!;
        _ids = definition.Vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        _longest = definition.Vocabulary.Keys.Max(token => token.Length);
        _unknown = definition.UnknownToken is { } unknown && definition.Vocabulary.TryGetValue(unknown, out var id) ? id
            : throw new RlhfException($"{definition.Source}: a WordPiece model has to have an unknown token in its vocabulary");
    }

    protected override int[] Encode(ReadOnlySpan<char> word)
    {
        var characters = 0;
        foreach (var _ in word.EnumerateRunes()) characters++;
        if (characters > _rules.MostCharacters) return [_unknown];
        var ids = new List<int>();
        var buffer = new char[_rules.Prefix.Length + word.Length];
        _rules.Prefix.CopyTo(buffer);
        word.CopyTo(buffer.AsSpan(_rules.Prefix.Length));
        for (var start = 0; start < word.Length;)
        {
            var length = Math.Min(word.Length - start, _longest);
            var id = -1;
            for (; length > 0; length--)
            {
                // Halves of a character begin and end nothing.
                if (start + length < word.Length && char.IsLowSurrogate(word[start + length])) continue;
                var piece = start == 0 ? word[..length] : Continued(buffer, start, length);
                if (_ids.TryGetValue(piece, out id)) break;
                id = -1;
            }

            if (id < 0) return [_unknown];
            ids.Add(id);
            start += length;
        }

        return [.. ids];
    }

    // The prefix is written over what stands before the piece, which was read already.
    private ReadOnlySpan<char> Continued(char[] buffer, int start, int length)
    {
        _rules.Prefix.CopyTo(buffer.AsSpan(start));
        return buffer.AsSpan(start, _rules.Prefix.Length + length);
    }
}
