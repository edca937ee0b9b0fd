using System.Buffers.Binary;

namespace Parquet.Encodings;

/// <summary>Takes numbers of a fixed number of bits from bytes, lowest bits first.</summary>
internal static class BitUnpacker
{
    /// <summary>The value at a bit position; up to 64 bits.</summary>
    public static ulong Read(ReadOnlySpan<byte> bytes, long bit, int width)
    {
        if (width == 0) return 0;
        var at = (int)(bit >> 3);
        var shift = (int)(bit & 7);
        var low = Word(bytes[at..]) >> shift;
        if (shift + width > 64) low |= (ulong)bytes[at + 8] << (64 - shift);
        return width == 64 ? low : low & (1UL << width) - 1;
    }

    private static ulong Word(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= 8) return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        ulong word = 0;
        for (var i = bytes.Length - 1; i >= 0; i--) word = word << 8 | bytes[i];
        return word;
    }
}
