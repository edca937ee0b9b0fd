using System.Text;

namespace Rlhf.Foundation.Data;

/// <summary>The formats that rows are read from, apart from compression.</summary>
internal enum DataFormat
{
    JsonLines,
    JsonArray,
    Parquet,
}

/// <summary>Tells by its first bytes what a file is, and says clearly what it is not.</summary>
internal static class DataFormats
{
    /// <summary>As many bytes as recognition looks at.</summary>
    public const int Prefix = 256;

    public static DataFormat Recognise(ReadOnlySpan<byte> head, string path)
    {
        if (head.StartsWith("PAR1"u8)) return DataFormat.Parquet;
        var named = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        if (named.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase))
            throw new RlhfException($"{path} is named .parquet but does not start with PAR1; {Guess(head)}");
        return head.TrimStart(" \t\r\n"u8) switch
        {
            [(byte)'{', ..] => DataFormat.JsonLines,
            [(byte)'[', ..] => DataFormat.JsonArray,
            _ => throw new RlhfException($"{path} is neither JSON Lines, a JSON list, nor Parquet; {Guess(head)}"),
        };
    }

    private static string Guess(ReadOnlySpan<byte> head)
    {
        var text = head.TrimStart(" \t\r\n"u8);
        if (text.StartsWith("version https://git-lfs"u8)) return "it is a Git LFS pointer: fetch the file itself with 'git lfs pull'";
        if (text.StartsWith("<"u8)) return "it is an HTML or XML page: the download got a web page in place of the file";
        if (text.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd])) return "it is compressed with Zstandard: unpack it with 'zstd -d'";
        if (text.StartsWith("PK"u8)) return "it is a zip archive: unpack it first";
        if (text.StartsWith("BZh"u8) || text.StartsWith((ReadOnlySpan<byte>)[0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z']))
            return "it is compressed with bzip2 or xz: unpack it first";
        if (text.StartsWith((ReadOnlySpan<byte>)[0xff, 0xfe]) || text.StartsWith((ReadOnlySpan<byte>)[0xfe, 0xff])) return "it is UTF-16: save it as UTF-8";
        if (text.IsEmpty) return "it holds nothing but white space";
        var end = text.IndexOfAny((byte)'\n', (byte)'\r');
        var first = Encoding.UTF8.GetString(text[..Math.Min(end < 0 ? text.Length : end, 40)]);
        return first.Any(char.IsControl) ? "it holds binary data" : $"it starts with: {first}";
    }
}
