using System.Buffers.Binary;
using Parquet.Meta;

namespace Parquet.Encodings;

/// <summary>Definition and repetition levels: how deep each value is defined, and at which list it repeats.</summary>
internal static class Levels
{
    private const int Piece = 1024;

    /// <summary>Levels of a version-1 page, which stand before its values; passes over them.</summary>
    public static void ReadPrefixed(ref ReadOnlySpan<byte> page, Encoding encoding, int most, Span<byte> levels)
    {
        if (most == 0) return;
        if (encoding == Encoding.BitPacked)
        {
            ReadBitPacked(ref page, most, levels);
            return;
        }

        if (encoding != Encoding.Rle) throw new ParquetException($"levels are encoded as {encoding}");
        var length = page.Length < 4 ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(page);
        if (length > page.Length - 4) throw new ParquetException($"levels of {length} bytes are declared in a page of {page.Length}");
        Read(page.Slice(4, (int)length), most, levels);
        page = page[(4 + (int)length)..];
    }

    /// <summary>Levels in runs.</summary>
    public static void Read(ReadOnlySpan<byte> bytes, int most, Span<byte> levels)
    {
        if (most == 0) return;
        var reader = new RleReader(bytes, BitWidth.Of(most));
        Span<int> piece = stackalloc int[Piece];
        while (!levels.IsEmpty)
        {
            var part = piece[..Math.Min(Piece, levels.Length)];
            reader.Read(part);
            for (var i = 0; i < part.Length; i++) levels[i] = Check(part[i], most);
            levels = levels[part.Length..];
        }
    }

    /// <summary>The first format's way: packed from the highest bit down, without a length.</summary>
    private static void ReadBitPacked(ref ReadOnlySpan<byte> page, int most, Span<byte> levels)
    {
        var width = BitWidth.Of(most);
        var size = ((long)levels.Length * width + 7) / 8;
        if (size > page.Length) throw new ParquetException("levels end early");
        var bit = 0;
        for (var i = 0; i < levels.Length; i++)
        {
            var level = 0;
            for (var j = 0; j < width; j++, bit++) level = level << 1 | page[bit >> 3] >> (7 - (bit & 7)) & 1;
            levels[i] = Check(level, most);
        }

        page = page[(int)size..];
    }

    /// <summary>Writes levels as runs and packed groups, with the length before them where a version-1 page wants it.</summary>
    public static byte[] Write(ReadOnlySpan<byte> levels, int most)
    {
        if (most == 0) return [];
        var values = new int[levels.Length];
        for (var i = 0; i < values.Length; i++) values[i] = levels[i];
        var runs = RleWriter.Write(values, BitWidth.Of(most));
        var bytes = new byte[4 + runs.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, runs.Length);
        runs.CopyTo(bytes, 4);
        return bytes;
    }

    private static byte Check(int level, int most) => (uint)level <= (uint)most
        ? (byte)level
        : throw new ParquetException($"a level of {level} where {most} is the highest");
}
