using System.Buffers.Binary;
using System.Numerics;

namespace Parquet.Compression.Zstd;

/// <summary>Reads bits from the end of a piece to its start; the highest set bit of the last byte marks where they begin (RFC 8878, 4.1).</summary>
internal ref struct BackwardBits
{
    private readonly ReadOnlySpan<byte> bytes;

    public BackwardBits(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes[^1] == 0) throw new ParquetException("Zstd data holds a bit stream without its end mark");
        this.bytes = bytes;
        Left = (bytes.Length - 1) * 8L + BitOperations.Log2(bytes[^1]);
    }

    /// <summary>Bits not read yet; below zero after reading past the start.</summary>
    public long Left { get; private set; }

    /// <summary>The next <paramref name="count"/> bits (up to 32); past the start they are zeros.</summary>
    public uint Read(int count)
    {
        var value = Peek(count);
        Left -= count;
        return value;
    }

    /// <summary>Passes over bits that were peeked.</summary>
    public void Skip(int count) => Left -= count;

    public readonly uint Peek(int count)
    {
        if (count == 0) return 0;
        var low = Left - count;
        if (low < 0)
        {
            // Partly or wholly past the start: what is there stands in the upper bits.
            return Left <= 0 ? 0 : (uint)(Window(0) << (int)-low & (1UL << count) - 1);
        }

        return (uint)(Window(low) & (1UL << count) - 1);
    }

    /// <summary>At least 32 bits from a bit position on.</summary>
    private readonly ulong Window(long bit)
    {
        var at = (int)(bit >> 3);
        ulong word;
        if (at + 8 <= bytes.Length)
        {
            word = BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
        }
        else
        {
            word = 0;
            for (var i = bytes.Length - 1; i >= at; i--) word = word << 8 | bytes[i];
        }

        // Bits above the end mark are never asked for: Left starts below it.
        return word >> (int)(bit & 7) & (Left - bit >= 64 ? ulong.MaxValue : (1UL << (int)Math.Max(0, Left - bit)) - 1);
    }
}
