using System.Text;

namespace Rlhf.Foundation.Files;

/// <summary>Files that are small by nature. One that is not is refused before it is in memory; so is one that never ends, as a link to a device does not.</summary>
internal static class SmallFile
{
    /// <summary>Room for every configuration, index and manifest that software writes.</summary>
    public const int Usual = 16 << 20;

    /// <exception cref="RlhfException">It is larger, or cannot be read.</exception>
    public static byte[] ReadBytes(string path, int most = Usual)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            using var bytes = new MemoryStream(file.CanSeek ? (int)Math.Min(file.Length, most) : 0);
            var part = new byte[64 << 10];
            for (int read; (read = file.Read(part)) > 0;)
            {
                if (bytes.Length + read > most) throw new RlhfException($"{path}: larger than the {most >> 20} MiB that such a file can have; is this the right file?");
                bytes.Write(part, 0, read);
            }

            return bytes.ToArray();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RlhfException($"{path}: cannot be read ({error.Message.ReplaceLineEndings(" ").TrimEnd('.')})", error);
        }
    }

    /// <summary>The same as text in UTF-8, with or without a mark at its beginning.</summary>
    public static string ReadText(string path, int most = Usual)
    {
        var bytes = ReadBytes(path, most).AsSpan();
        return Encoding.UTF8.GetString(bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[3..] : bytes);
    }
}
