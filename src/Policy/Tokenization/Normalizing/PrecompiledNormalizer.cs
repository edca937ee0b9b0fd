using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Rlhf.Policies.Tokenization.Normalizing;

/// <summary>SentencePiece's compiled map of characters: a double-array trie from UTF-8 to places in a list of replacements.</summary>
internal sealed record PrecompiledNormalizer : Normalizer
{
    // A cluster of more bytes than that is looked up character by character.
    private const int LongestCluster = 5;

    private readonly uint[] _trie;
    private readonly byte[] _replacements;

    /// <exception cref="FormatException">It is no such map.</exception>
    public PrecompiledNormalizer(byte[] map)
    {
        var size = map.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(map);
        if (size == 0 || size % 4 != 0 || size > map.Length - 4) throw new FormatException("not a compiled map of characters");
        _trie = new uint[size / 4];
        for (var i = 0; i < _trie.Length; i++) _trie[i] = BinaryPrimitives.ReadUInt32LittleEndian(map.AsSpan(4 + 4 * i));
        _replacements = map[(4 + (int)size)..];
    }

    public override string Apply(string text)
    {
        var result = new StringBuilder(text.Length);
        var clusters = StringInfo.GetTextElementEnumerator(text);
        while (clusters.MoveNext())
        {
            var cluster = clusters.GetTextElement();
            if (Encoding.UTF8.GetByteCount(cluster) <= LongestCluster && Find(cluster) is { } whole)
            {
                result.Append(whole);
                continue;
            }

            foreach (var rune in cluster.EnumerateRunes())
            {
                var one = rune.ToString();
                result.Append(Find(one) ?? one);
            }
        }

        return result.ToString();
    }

    // What the shortest entry that the text begins with is replaced by; null: there is none.
    private string? Find(string text)
    {
        Span<byte> bytes = stackalloc byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        bytes = bytes[..Encoding.UTF8.GetBytes(text, bytes)];
        long node = 0;
        var unit = _trie[0];
        node ^= Offset(unit);
        foreach (var value in bytes)
        {
            if (value == 0) return null;
            node ^= value;
            if (node >= _trie.Length) return null;
            unit = _trie[node];
            if ((unit & 0x800000FF) != value) return null;
            node ^= Offset(unit);
            if (((unit >> 8) & 1) == 0) continue;
            if (node >= _trie.Length) return null;
            return At(_trie[node] & 0x7FFFFFFF);
        }

        return null;
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);

    private string? At(uint place)
    {
        if (place >= _replacements.Length) return null;
        var rest = _replacements.AsSpan((int)place);
        var end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }
}
