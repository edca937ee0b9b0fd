using System.Text;

namespace Rlhf.Policies.Tokenization.Bpe;

/// <summary>
/// GPT-2's printable stand-ins for the 256 bytes (Radford et al. 2019): printable Latin-1 stands for itself, the other
/// 68 bytes are U+0100 to U+0143 in order.
/// </summary>
internal static class ByteLetters
{
    private static readonly char[] Letters = MakeLetters();
    private static readonly short[] Bytes = MakeBytes();

    public static char Letter(byte value) => Letters[value];

    /// <summary>The byte that a letter stands for, or -1.</summary>
    public static int Byte(char letter) => letter < Bytes.Length ? Bytes[letter] : -1;

    /// <summary>Bytes in letters.</summary>
    public static string Write(ReadOnlySpan<byte> bytes)
    {
        var text = new char[bytes.Length];
        for (var i = 0; i < bytes.Length; i++) text[i] = Letters[bytes[i]];
        return new string(text);
    }

    /// <summary>The UTF-8 bytes of a text in letters.</summary>
    public static string Write(ReadOnlySpan<char> text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        return Write(bytes);
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

    private static short[] MakeBytes()
    {
        var bytes = new short[0x144];
        Array.Fill(bytes, (short)-1);
        for (var value = 0; value < 256; value++) bytes[Letters[value]] = (short)value;
        return bytes;
    }
}
