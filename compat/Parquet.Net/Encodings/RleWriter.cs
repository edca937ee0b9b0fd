using System.Buffers;

namespace Parquet.Encodings;

/// <summary>Writes the hybrid of runs and bit-packed groups: runs of eight equal values and more, groups of eight otherwise.</summary>
internal static class RleWriter
{
    public static byte[] Write(ReadOnlySpan<int> values, int width)
    {
        var output = new ArrayBufferWriter<byte>();
        var packed = 0; // where the values that wait to be packed start
        for (var i = 0; i < values.Length;)
        {
            var run = values[i..].IndexOfAnyExcept(values[i]);
            if (run < 0) run = values.Length - i;
            // Packed groups hold eight values each, so a run lends them what they lack.
            var lent = (8 - (i - packed) % 8) % 8;
            if (run - lent < 8)
            {
                i += run;
                continue;
            }

            Pack(values[packed..(i + lent)], width, output);
            Run(values[i], run - lent, width, output);
            i += run;
            packed = i;
        }

        Pack(values[packed..], width, output);
        return output.WrittenSpan.ToArray();
    }

    private static void Run(int value, int count, int width, ArrayBufferWriter<byte> output)
    {
        Varint((uint)count << 1, output);
        for (var bits = 0; bits < width; bits += 8) Byte((byte)(value >> bits), output);
    }

    private static void Pack(ReadOnlySpan<int> values, int width, ArrayBufferWriter<byte> output)
    {
        if (values.IsEmpty) return;
        var groups = (values.Length + 7) / 8;
        Varint((uint)groups << 1 | 1, output);
        ulong word = 0;
        var bits = 0;
        for (var i = 0; i < groups * 8; i++)
        {
            word |= (ulong)(uint)(i < values.Length ? values[i] : 0) << bits;
            for (bits += width; bits >= 8; bits -= 8, word >>= 8) Byte((byte)word, output);
        }
    }

    private static void Varint(uint value, ArrayBufferWriter<byte> output)
    {
        for (; value >= 0x80; value >>= 7) Byte((byte)(value | 0x80), output);
        Byte((byte)value, output);
    }

    private static void Byte(byte value, ArrayBufferWriter<byte> output)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }
}
