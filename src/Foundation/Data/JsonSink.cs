using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Rlhf.Foundation.Data;

/// <summary>Rows as JSON objects, each on its line: bare, or as one list.</summary>
internal sealed class JsonSink : IRowSink
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Stream stream;
    private readonly byte[] closing;
    private readonly byte[] separator;
    private byte[] before;

    private JsonSink(Stream stream, ReadOnlySpan<byte> opening, ReadOnlySpan<byte> separator, ReadOnlySpan<byte> closing) =>
        (this.stream, before, this.separator, this.closing) = (stream, opening.ToArray(), separator.ToArray(), closing.ToArray());

    public static JsonSink Lines(Stream stream) => new(stream, ""u8, "\n"u8, "\n"u8);

    public static JsonSink List(Stream stream) => new(stream, "[\n"u8, ",\n"u8, "\n]\n"u8);

    /// <summary>The stream, compressed; finishing the sink finishes it.</summary>
    public static Stream Packed(Stream stream) => new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true);

    public void Write(Row row)
    {
        stream.Write(before);
        before = separator;
        if (row.Json.Span.ContainsAny((byte)'\n', (byte)'\r')) stream.Write(OnOneLine(row.Json));
        else stream.Write(row.Json.Span);
    }

    public void Finish()
    {
        if (before == separator) stream.Write(closing);
        else if (before.Length > 0) stream.Write("[]\n"u8);
        // A compressed stream writes its end when it is closed; a bare one is its owner's to close.
        if (stream is GZipStream) stream.Dispose();
    }

    public void Dispose()
    {
        if (stream is GZipStream) stream.Dispose();
    }

    private static byte[] OnOneLine(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Plain)) document.WriteTo(writer);
        return buffer.ToArray();
    }
}
