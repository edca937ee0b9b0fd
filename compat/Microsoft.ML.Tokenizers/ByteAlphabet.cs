using System.Text;

namespace Microsoft.ML.Tokenizers;

/// <summary>
/// GPT-2's printable stand-ins for the 256 bytes (Radford et al. 2019): printable Latin-1 stands for itself, the other
/// 68 bytes become U+0100 and up in order.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] Letters = MakeLetters();

    /// <summary>Writes the UTF-8 bytes of a text in the alphabet.</summary>
    public static int Write(ReadOnlySpan<char> text, Span<char> destination)
    {
        var written = 0;
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.IsAscii)
            {
                destination[written++] = Letters[rune.Value];
                continue;
            }

            var count = rune.EncodeToUtf8(bytes);
            for (var i = 0; i < count; i++) destination[written++] = Letters[bytes[i]];
        }

        return written;
    }

    private static char[] MakeLetters()
    {
        var letters = new char[256];
        var next = 256;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE;
            letters[value] = (char)(printable ? value : next++);
        }

        return letters;
    }
}
