using System.Buffers;
using System.Text;

namespace Microsoft.ML.Tokenizers;

/// <summary>Byte-pair encoding with a given vocabulary and merges.</summary>
public sealed class BpeTokenizer : Tokenizer
{
    private const int StackLength = 256;
    private readonly Dictionary<string, int> _vocabulary = [];
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
    private readonly int[] _letterIds = new int[512];
    private readonly MergeTable _merges;

    private BpeTokenizer(BpeOptions options)
    {
        foreach (var (token, id) in options.Vocabulary) _vocabulary.Add(token, id);
        if (_vocabulary.Count == 0) throw new InvalidOperationException("The vocabulary cannot be empty.");

        _ids = _vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var letter = 0; letter < _letterIds.Length; letter++) _letterIds[letter] = IdOrMinusOne([(char)letter]);
        _merges = ReadMerges([.. options.Merges ?? []]);
        ByteLevel = options.ByteLevel;
        PreTokenizer = options.PreTokenizer ?? PreTokenizer.CreateWordOrNonWord();
    }

    public override PreTokenizer? PreTokenizer { get; }

    public bool ByteLevel { get; }

    public static BpeTokenizer Create(BpeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new BpeTokenizer(options);
    }

    protected override EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var span = text is null ? textSpan : text.AsSpan();
        var ids = new List<int>();
        if (settings.ConsiderPreTokenization)
            foreach (var (offset, length) in PreTokenizer!.PreTokenize(span)) EncodeWord(span.Slice(offset, length), ids);
        else
            EncodeWord(span, ids);
        return new EncodeResults<int> { Tokens = ids };
    }

    private MergeTable ReadMerges(string[] merges)
    {
        var table = new MergeTable(merges.Length);
        var longest = merges.Length == 0 ? 0 : merges.Max(merge => merge.Length);
        var joined = new char[longest];
        for (var rank = 0; rank < merges.Length; rank++)
        {
            var merge = merges[rank].AsSpan();
            var space = merge.IndexOf(' ');
            if (space < 0 || space == merge.Length - 1 || merge[(space + 1)..].Contains(' '))
                throw new InvalidOperationException("Invalid merger file format");

            var left = merge[..space];
            var right = merge[(space + 1)..];
            left.CopyTo(joined);
            right.CopyTo(joined.AsSpan(space));
            table.Add(IdOf(left), IdOf(right), rank, IdOf(joined.AsSpan(0, merge.Length - 1)));
        }

        return table;
    }

    private void EncodeWord(ReadOnlySpan<char> word, List<int> output)
    {
        if (!ByteLevel)
        {
            EncodeLetters(word, output);
            return;
        }

        var capacity = Encoding.UTF8.GetMaxByteCount(word.Length);
        var rented = capacity > StackLength ? ArrayPool<char>.Shared.Rent(capacity) : null;
        var letters = rented ?? stackalloc char[StackLength];
        EncodeLetters(letters[..ByteAlphabet.Write(word, letters)], output);
        if (rented is not null) ArrayPool<char>.Shared.Return(rented);
    }

    private void EncodeLetters(ReadOnlySpan<char> letters, List<int> output)
    {
        var rented = letters.Length > StackLength ? ArrayPool<int>.Shared.Rent(letters.Length) : null;
        var ids = rented ?? stackalloc int[StackLength];
        var count = WordMerger.Merge(_merges, ids[..Characters(letters, ids)]);
        foreach (var id in ids[..count]) output.Add(id);
        if (rented is not null) ArrayPool<int>.Shared.Return(rented);
    }

    /// <summary>The ids of single characters; one that the vocabulary lacks is left out, as in the package.</summary>
    private int Characters(ReadOnlySpan<char> word, Span<int> ids)
    {
        var count = 0;
        for (var i = 0; i < word.Length; i++)
        {
            int id;
            if (word[i] < _letterIds.Length) id = _letterIds[word[i]];
            else if (i + 1 < word.Length && char.IsSurrogatePair(word[i], word[i + 1])) id = IdOrMinusOne(word.Slice(i++, 2));
            else id = IdOrMinusOne(word.Slice(i, 1));
            if (id >= 0) ids[count++] = id;
        }

        return count;
    }

    private int IdOrMinusOne(ReadOnlySpan<char> token) => _ids.TryGetValue(token, out var id) ? id : -1;

    private int IdOf(ReadOnlySpan<char> token)
        => _ids.TryGetValue(token, out var id)
            ? id
            : throw new InvalidOperationException($"Trying to merge a token '{token}' which not exist in the vocabulary.");
}
