using System.Buffers;
using System.Globalization;
using System.Text;

namespace Rlhf.Policies.Tokenization.Bpe;

/// <summary>What a token of the vocabulary says, as UTF-8 bytes; a character may be spread over several tokens.</summary>
internal abstract record TokenText
{
    public static TokenText Plain { get; } = new PieceText();

    /// <summary>How many spaces are dropped where a text begins.</summary>
    public int LeadingSpaces { get; init; }

    public abstract void Write(string token, IBufferWriter<byte> output);
}

/// <summary>Tokens in GPT-2's byte alphabet; a token with a letter outside it stands for itself.</summary>
internal sealed record ByteLevelText : TokenText
{
    public override void Write(string token, IBufferWriter<byte> output)
    {
        var bytes = output.GetSpan(token.Length);
        for (var i = 0; i < token.Length; i++)
        {
            var value = ByteLetters.Byte(token[i]);
            if (value < 0)
            {
                Encoding.UTF8.GetBytes(token, output);
                return;
            }

            bytes[i] = (byte)value;
        }

        output.Advance(token.Length);
    }
}

/// <summary>SentencePiece's pieces: text in which a mark stands for a space, and &lt;0x0A&gt; for a byte.</summary>
internal sealed record PieceText : TokenText
{
    public IReadOnlyList<(string Old, string New)> Replacements { get; init; } = [];

    public bool ByteFallback { get; init; }

    public static string ByteToken(int value) => string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>");

    public override void Write(string token, IBufferWriter<byte> output)
    {
        foreach (var (old, replacement) in Replacements) token = token.Replace(old, replacement, StringComparison.Ordinal);
        if (ByteFallback && token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
            && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            output.Write([value]);
        else
            Encoding.UTF8.GetBytes(token, output);
    }
}
