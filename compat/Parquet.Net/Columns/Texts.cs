using System.Text;

namespace Parquet.Columns;

/// <summary>Text from bytes; bytes that are no UTF-8 are an error, never replaced.</summary>
internal static class Texts
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static string Of(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes.Span);
        }
        catch (DecoderFallbackException error)
        {
            throw new ParquetException($"a text is not valid UTF-8 (at byte {error.Index + 1} of its {bytes.Length})", error);
        }
    }
}
