using System.Buffers.Binary;

namespace Parquet.Compression;

/// <summary>Packs Snappy's block format: greedy matches of four bytes and more, found by hash, in blocks of 64 KiB.</summary>
internal static class SnappyEncoder
{
    private const int BlockSize = 1 << 16;
    private const int HashBits = 14;

    public static byte[] Encode(ReadOnlySpan<byte> input)
    {
        // The longest a block can become: every byte a literal, with its tags.
        var output = new byte[32 + input.Length + input.Length / 6];
        var written = 0;
        var length = (uint)input.Length;
        for (; length >= 0x80; length >>= 7) output[written++] = (byte)(length | 0x80);
        output[written++] = (byte)length;

        var table = new ushort[1 << HashBits];
        for (var start = 0; start < input.Length; start += BlockSize)
        {
            table.AsSpan().Clear();
            Block(input.Slice(start, Math.Min(BlockSize, input.Length - start)), table, output, ref written);
        }

        return output[..written];
    }

    private static void Block(ReadOnlySpan<byte> block, ushort[] table, byte[] output, ref int written)
    {
        var (literal, position) = (0, 1);
        while (position + 4 <= block.Length)
        {
            var here = BinaryPrimitives.ReadUInt32LittleEndian(block[position..]);
            ref var slot = ref table[here * 0x1e35a7bd >> 32 - HashBits];
            int candidate = slot;
            slot = (ushort)position;
            if (candidate >= position || BinaryPrimitives.ReadUInt32LittleEndian(block[candidate..]) != here)
            {
                // The longer nothing matches, the larger the steps: data without matches passes quickly.
                position += 1 + (position - literal >> 5);
                continue;
            }

            var length = 4 + Matches.Length(block, candidate + 4, position + 4, block.Length);
            Literal(block[literal..position], output, ref written);
            Copy(position - candidate, length, output, ref written);
            position += length;
            literal = position;
        }

        Literal(block[literal..], output, ref written);
    }

    private static void Literal(ReadOnlySpan<byte> bytes, byte[] output, ref int written)
    {
        if (bytes.IsEmpty) return;
        var last = bytes.Length - 1;
        if (last < 60)
        {
            output[written++] = (byte)(last << 2);
        }
        else
        {
            output[written++] = (byte)((last < 256 ? 60 : 61) << 2);
            output[written++] = (byte)last;
            if (last >= 256) output[written++] = (byte)(last >> 8);
        }

        bytes.CopyTo(output.AsSpan(written));
        written += bytes.Length;
    }

    private static void Copy(int offset, int length, byte[] output, ref int written)
    {
        // A copy holds 64 bytes; the last one must hold at least 4 to be worth the short form.
        for (; length >= 68; length -= 64) Long(offset, 64, output, ref written);
        if (length > 64)
        {
            Long(offset, 60, output, ref written);
            length -= 60;
        }

        if (length >= 12 || offset >= 2048)
        {
            Long(offset, length, output, ref written);
            return;
        }

        output[written++] = (byte)(1 | length - 4 << 2 | offset >> 8 << 5);
        output[written++] = (byte)offset;
    }

    private static void Long(int offset, int length, byte[] output, ref int written)
    {
        output[written++] = (byte)(2 | length - 1 << 2);
        output[written++] = (byte)offset;
        output[written++] = (byte)(offset >> 8);
    }
}
