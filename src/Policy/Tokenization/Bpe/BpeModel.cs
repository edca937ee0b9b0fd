using System.Text;
using Microsoft.ML.Tokenizers;
using Rlhf.Foundation;

namespace Rlhf.Policies.Tokenization.Bpe;

/// <summary>
/// Words to ids: <see cref="BpeTokenizer"/> applies the merges; around it stand what it lacks (byte fallback, whole words
/// that are tokens, words of any length).
/// </summary>
internal sealed class BpeModel : WordModel
{
    /// <summary>The package's time grows with the square of a word's length.</summary>
    private const int LongLength = 256;

    private readonly TokenizerDefinition _definition;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
    private readonly BpeTokenizer _merges;
    private readonly Lazy<LongWordMerger> _longMerges;
    private readonly int[]? _byteIds;
    private readonly int? _unknown;

    public BpeModel(TokenizerDefinition definition)
    {
        _definition = definition;
        var vocabulary = definition.Vocabulary;
        _ids = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        _merges = BpeTokenizer.Create(new BpeOptions(vocabulary) { Merges = definition.Merges, ByteLevel = definition.Splitting.ByteLevel });
        _longMerges = new Lazy<LongWordMerger>(() => new LongWordMerger(vocabulary, definition.Merges));
        _byteIds = definition.ByteFallback ? ByteIds(vocabulary) : null;
        if (definition.UnknownToken is { } unknown && vocabulary.TryGetValue(unknown, out var id)) _unknown = id;
    }

    protected override int[] Encode(ReadOnlySpan<char> word)
    {
        if (_definition.IgnoreMerges && WholeWord(word) is { } id) return [id];
        return _definition.Splitting.ByteLevel ? EncodeBytes(word) : EncodeCharacters(word);
    }

    private int? WholeWord(ReadOnlySpan<char> word)
    {
        if (!_definition.Splitting.ByteLevel) return _ids.TryGetValue(word, out var id) ? id : null;
        return _ids.TryGetValue(ByteLetters.Write(word), out var whole) ? whole : null;
    }

    private int[] EncodeBytes(ReadOnlySpan<char> word) => [.. Merge(word)];

    /// <summary>Runs of characters that the vocabulary has go through the merges; the others become bytes or the unknown token.</summary>
    private int[] EncodeCharacters(ReadOnlySpan<char> word)
    {
        var output = new List<int>();
        var runStart = 0;
        var afterUnknown = false;
        for (var place = 0; place < word.Length;)
        {
            var length = char.IsHighSurrogate(word[place]) && place + 1 < word.Length ? 2 : 1;
            var character = word.Slice(place, length);
            if (_ids.TryGetValue(character, out _))
            {
                place += length;
                afterUnknown = false;
                continue;
            }

            if (place > runStart) output.AddRange(Merge(word[runStart..place]));
            afterUnknown = AddMissing(character, afterUnknown, output);
            place += length;
            runStart = place;
        }

        if (runStart < word.Length) output.AddRange(Merge(word[runStart..]));
        return [.. output];
    }

    private bool AddMissing(ReadOnlySpan<char> character, bool afterUnknown, List<int> output)
    {
        if (_byteIds is not null)
        {
            Span<byte> bytes = stackalloc byte[4];
            foreach (var value in bytes[..Encoding.UTF8.GetBytes(character, bytes)]) output.Add(_byteIds[value]);
            return false;
        }

        if (_unknown is not { } unknown)
            throw new RlhfException($"{_definition.Source}: the vocabulary has no token for '{character}' (U+{char.ConvertToUtf32(character.ToString(), 0):X4}) and no unknown token; take that character out of the text or use another tokenizer");
        if (!(afterUnknown && _definition.FuseUnknown)) output.Add(unknown);
        return true;
    }

    private IReadOnlyList<int> Merge(ReadOnlySpan<char> word)
    {
        if (word.Length <= LongLength) return _merges.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false);
        return _longMerges.Value.Merge(_definition.Splitting.ByteLevel ? ByteLetters.Write(word) : word);
    }

    /// <summary>The tokens &lt;0x00&gt; … &lt;0xFF&gt;, or null where the vocabulary lacks one.</summary>
    private static int[]? ByteIds(Dictionary<string, int> vocabulary)
    {
        var ids = new int[256];
        for (var value = 0; value < 256; value++)
            if (!vocabulary.TryGetValue(PieceText.ByteToken(value), out ids[value])) return null;
        return ids;
    }
}
