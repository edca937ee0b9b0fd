using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Rlhf.Foundation.Runs;

/// <summary>
/// The protocol buffer messages that TensorBoard's scalars need (tensorflow/core/util/event.proto): Event { double wall_time = 1;
/// int64 step = 2; string file_version = 3; Summary summary = 5; SessionLog session_log = 7 }, Summary { repeated Value value = 1 },
/// Value { string tag = 1; float simple_value = 2 }, and the TFRecord frames that hold them.
/// </summary>
internal static class EventMessage
{
    private const int Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5;

    public static byte[] Version(double time) => Event(time, 0, 3, Encoding.UTF8.GetBytes("brain.Event:2"));

    /// <summary>SessionLog { status = START }: TensorBoard drops what it had read of this step and later ones.</summary>
    public static byte[] Restart(double time, long step) => Event(time, step, 7, [1 << 3 | Varint, 1]);

    public static byte[] Scalars(double time, long step, IReadOnlyDictionary<string, double> scalars)
    {
        var summary = new ArrayBufferWriter<byte>();
        foreach (var (tag, value) in scalars)
        {
            var entry = new ArrayBufferWriter<byte>();
            Write(entry, 1, Encoding.UTF8.GetBytes(tag));
            Tag(entry, 2, Fixed32);
            BinaryPrimitives.WriteSingleLittleEndian(entry.GetSpan(4), (float)value);
            entry.Advance(4);
            Write(summary, 1, entry.WrittenSpan);
        }

        return Event(time, step, 5, summary.WrittenSpan);
    }

    /// <summary>A TFRecord: length, its masked checksum, the message, its masked checksum.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> message)
    {
        var frame = new byte[message.Length + 16];
        BinaryPrimitives.WriteInt64LittleEndian(frame, message.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(8), MaskedChecksum(frame.AsSpan(0, 8)));
        message.CopyTo(frame.AsSpan(12));
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(12 + message.Length), MaskedChecksum(message));
        return frame;
    }

    private static void Real(ArrayBufferWriter<byte> message, int field, double value)
    {
        Tag(message, field, Fixed64);
        BinaryPrimitives.WriteDoubleLittleEndian(message.GetSpan(8), value);
        message.Advance(8);
    }

    private static byte[] Event(double time, long step, int field, ReadOnlySpan<byte> content)
    {
        var message = new ArrayBufferWriter<byte>();
        Real(message, 1, time);
        if (step != 0)
        {
            Tag(message, 2, Varint);
            Number(message, (ulong)step);
        }

        Write(message, field, content);
        return message.WrittenSpan.ToArray();
    }

    private static void Write(ArrayBufferWriter<byte> message, int field, ReadOnlySpan<byte> content)
    {
        Tag(message, field, Bytes);
        Number(message, (ulong)content.Length);
        message.Write(content);
    }

    private static void Tag(ArrayBufferWriter<byte> message, int field, int wireType) => Number(message, (ulong)(field << 3 | wireType));

    private static void Number(ArrayBufferWriter<byte> message, ulong value)
    {
        for (; value > 127; value >>= 7) message.Write([(byte)(value | 128)]);
        message.Write([(byte)value]);
    }

    /// <summary>CRC-32C in TFRecord's masked form: rotated right by 15 bits plus 0xa282ead8.</summary>
    private static uint MaskedChecksum(ReadOnlySpan<byte> bytes)
    {
        var checksum = uint.MaxValue;
        foreach (var value in bytes) checksum = BitOperations.Crc32C(checksum, value);
        return unchecked(BitOperations.RotateRight(~checksum, 15) + 0xa282ead8u);
    }
}
