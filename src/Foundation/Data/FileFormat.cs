using System.IO.Compression;

namespace Rlhf.Foundation.Data;

/// <summary>The name of a data file's format, told by its content.</summary>
internal static class FileFormat
{
    /// <summary>jsonl, json, jsonl.gz, json.gz or parquet.</summary>
    public static string Of(string path)
    {
        using var file = File.OpenRead(path);
        var head = Head(file);
        if (head is not [0x1f, 0x8b, ..]) return Name(head, path);
        file.Position = 0;
        using var unpacked = new GZipStream(file, CompressionMode.Decompress);
        return $"{Name(Head(unpacked), path)}.gz";
    }

    private static string Name(byte[] head, string path)
    {
        ReadOnlySpan<byte> text = head.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xef, 0xbb, 0xbf]) ? head.AsSpan(3) : head;
        return DataFormats.Recognise(text, path) switch
        {
            DataFormat.Parquet => "parquet",
            DataFormat.JsonArray => "json",
            _ => "jsonl",
        };
    }

    private static byte[] Head(Stream stream)
    {
        var head = new byte[DataFormats.Prefix];
        return head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
    }
}
