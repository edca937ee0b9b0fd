using System.Text;
using System.Text.Json;

namespace Rlhf.Foundation.Files;

/// <summary>Reads the JSON files of a model folder, and says in one line what is wrong with one that is none.</summary>
internal static class JsonFile
{
    private const int LargestFile = 256 << 20;

    /// <summary>Reads a file and hands its root to a reader; damage of any kind becomes an <see cref="RlhfException"/>.</summary>
    public static T Read<T>(string path, Func<JsonPlace, T> reader) => Parse(path, SmallFile.ReadBytes(path, LargestFile), reader);

    /// <summary>The same for what was read already; the path is for the messages.</summary>
    public static T Parse<T>(string path, ReadOnlyMemory<byte> bytes, Func<JsonPlace, T> reader)
    {
        if (bytes.Span.StartsWith(Encoding.UTF8.Preamble)) bytes = bytes[3..];
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return reader(new JsonPlace(document.RootElement, path, ""));
        }
        catch (JsonException error)
        {
            throw new RlhfException($"{path}: not JSON ({Damage(bytes) ?? Place(error)}); fetch the file again", error);
        }
        catch (InvalidOperationException error)
        {
            // GetString and Name throw this for escapes that are half of a surrogate pair and for bytes that are no UTF-8.
            throw new RlhfException($"{path}: holds text that is not valid Unicode ({OneLine(error.Message)})", error);
        }
    }

    /// <summary>The same for a file that may be absent.</summary>
    public static T? ReadIfPresent<T>(string path, Func<JsonPlace, T> reader) where T : class
        => File.Exists(path) ? Read(path, reader) : null;

    private static string? Damage(ReadOnlyMemory<byte> bytes)
    {
        var start = Encoding.Latin1.GetString(bytes.Span[..Math.Min(64, bytes.Length)]).TrimStart();
        if (start.Length == 0) return "the file is empty";
        if (start.StartsWith("version https://git-lfs", StringComparison.Ordinal)) return "it is a Git LFS pointer; run `git lfs pull`";
        return start[0] == '<' ? "it is an HTML page" : null;
    }

    /// <summary>The parser's own message may quote the whole rest of the file.</summary>
    private static string Place(JsonException error) => $"damaged or nested too deep at line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}";

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
