using System.Buffers.Binary;
using System.Text;

namespace Rlhf.Foundation.Tests.Runs;

/// <summary>Reads TensorBoard event files the slow way, holding every frame against a bit-by-bit CRC-32C.</summary>
internal static class EventReader
{
    internal sealed record Entry(long Step, string Tag, float Value);

    public static List<Entry> Read(string folder) =>
        [.. Directory.GetFiles(folder, "events.out.tfevents.*").Order(StringComparer.Ordinal).SelectMany(path => Frames(File.ReadAllBytes(path))).SelectMany(Scalars)];

    public static IEnumerable<byte[]> Frames(byte[] file)
    {
        for (var at = 0; at < file.Length;)
        {
            var length = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(MaskedCrc(file[at..(at + 8)]), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            var message = file[(at + 12)..(at + 12 + length)];
            Assert.Equal(MaskedCrc(message), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            at += length + 16;
            yield return message;
        }
    }

    /// <summary>The fields of a protocol buffer message: number, and the value's bytes or varint.</summary>
    public static List<(int Field, byte[] Bytes, ulong Number)> Fields(byte[] message)
    {
        var fields = new List<(int, byte[], ulong)>();
        var at = 0;
        while (at < message.Length)
        {
            var tag = Varint(message, ref at);
            var field = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    fields.Add((field, [], Varint(message, ref at)));
                    break;
                case 2:
                    var length = (int)Varint(message, ref at);
                    fields.Add((field, message[at..(at + length)], 0));
                    at += length;
                    break;
                case var wire:
                    var size = wire == 1 ? 8 : 4;
                    fields.Add((field, message[at..(at + size)], 0));
                    at += size;
                    break;
            }
        }

        return fields;
    }

    private static IEnumerable<Entry> Scalars(byte[] message)
    {
        var fields = Fields(message);
        var step = (long)fields.FirstOrDefault(field => field.Field == 2).Number;
        foreach (var (_, summary, _) in fields.Where(field => field.Field == 5))
        {
            foreach (var (_, value, _) in Fields(summary))
            {
                var parts = Fields(value);
                yield return new Entry(step, Encoding.UTF8.GetString(parts.Single(part => part.Field == 1).Bytes), BinaryPrimitives.ReadSingleLittleEndian(parts.Single(part => part.Field == 2).Bytes));
            }
        }
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = message[at++];
            value |= (ulong)(next & 127) << shift;
            if (next < 128) return value;
        }
    }

    private static uint MaskedCrc(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 1 ? (crc >> 1) ^ 0x82f63b78u : crc >> 1;
        }

        crc = ~crc;
        return unchecked(((crc >> 15) | (crc << 17)) + 0xa282ead8u);
    }
}
