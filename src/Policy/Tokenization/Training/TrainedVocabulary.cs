using Rlhf.Policies.Tokenization.Bpe;

namespace Rlhf.Policies.Tokenization.Training;

/// <summary>Two neighbouring ids.</summary>
internal readonly record struct IdPair(int Left, int Right);

/// <summary>Tokens in the order of their ids: special ones, the 256 bytes in the order of their letters, merged ones.</summary>
internal sealed class TrainedVocabulary
{
    private readonly List<string> _tokens;
    private readonly Dictionary<string, int> _ids = [];
    private readonly List<string> _merges = [];
    private readonly int[] _byteIds = new int[256];

    public TrainedVocabulary(IReadOnlyList<string> specialTokens)
    {
        _tokens = [.. specialTokens];
        foreach (var (letter, value) in Enumerable.Range(0, 256).Select(value => (Letter: ByteLetters.Letter((byte)value), Value: value)).OrderBy(pair => pair.Letter))
        {
            _byteIds[value] = _tokens.Count;
            Add(letter.ToString());
        }
    }

    public int Count => _tokens.Count;

    public IReadOnlyList<string> Tokens => _tokens;

    public IReadOnlyList<string> Merges => _merges;

    public int IdOfByte(byte value) => _byteIds[value];

    /// <summary>Notes a merge and gives its token's id, which an earlier merge of other parts may have made.</summary>
    public int Join(IdPair pair)
    {
        var (left, right) = (_tokens[pair.Left], _tokens[pair.Right]);
        _merges.Add($"{left} {right}");
        return _ids.TryGetValue(left + right, out var id) ? id : Add(left + right);
    }

    private int Add(string token)
    {
        _tokens.Add(token);
        _ids[token] = _tokens.Count - 1;
        return _tokens.Count - 1;
    }
}
