using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace TorchSharp.TensorBoard;

/// <summary>
/// The few protocol buffer messages TensorBoard's scalars, texts and histograms need (tensorflow/core/util/event.proto):
/// Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; SessionLog session_log = 7 },
/// Summary { repeated Value value = 1 }, Value { string tag = 1; float simple_value = 2; HistogramProto histo = 5;
/// TensorProto tensor = 8; SummaryMetadata metadata = 9 }. One source, compiled into the drop-in's SummaryWriter and into the
/// product's own event file.
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

    /// <summary>A string tensor marked for the text plugin: metadata { plugin_data { plugin_name = "text" } }.</summary>
    public static byte[] Text(double time, long step, string tag, string text)
    {
        var plugin = Message(message => Write(message, 1, "text"u8));
        var tensor = Message(message =>
        {
            Tag(message, 1, Varint);
            Number(message, 7); // DT_STRING
            Write(message, 2, Message(shape => Write(shape, 2, [1 << 3 | Varint, 1])));
            Write(message, 8, Encoding.UTF8.GetBytes(text));
        });
        return Summary(time, step, tag, value =>
        {
            Write(value, 8, tensor);
            Write(value, 9, Message(metadata => Write(metadata, 1, plugin)));
        });
    }

    /// <summary>HistogramProto { min = 1; max = 2; num = 3; sum = 4; sum_squares = 5; bucket_limit = 6; bucket = 7 }.</summary>
    public static byte[] Histogram(double time, long step, string tag, HistogramSummary histogram)
    {
        var proto = Message(message =>
        {
            Real(message, 1, histogram.Minimum);
            Real(message, 2, histogram.Maximum);
            Real(message, 3, histogram.Count);
            Real(message, 4, histogram.Sum);
            Real(message, 5, histogram.SumOfSquares);
            Write(message, 6, MemoryMarshal.AsBytes<double>(histogram.Limits));
            Write(message, 7, MemoryMarshal.AsBytes<double>(histogram.Counts));
        });
        return Summary(time, step, tag, value => Write(value, 5, proto));
    }

    /// <summary>A TFRecord: length, its masked checksum, the message, its masked checksum.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> message)
    {
        var frame = new byte[message.Length + 16];
        BinaryPrimitives.WriteInt64LittleEndian(frame, message.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(8), Crc32C.Masked(frame.AsSpan(0, 8)));
        message.CopyTo(frame.AsSpan(12));
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(12 + message.Length), Crc32C.Masked(message));
        return frame;
    }

    private static byte[] Summary(double time, long step, string tag, Action<ArrayBufferWriter<byte>> content)
    {
        var value = Message(message =>
        {
            Write(message, 1, Encoding.UTF8.GetBytes(tag));
            content(message);
        });
        return Event(time, step, 5, Message(summary => Write(summary, 1, value)));
    }

    private static byte[] Message(Action<ArrayBufferWriter<byte>> write)
    {
        var message = new ArrayBufferWriter<byte>();
        write(message);
        return message.WrittenSpan.ToArray();
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
}

/// <summary>Counts per bucket; <c>Limits[i]</c> is the upper edge of bucket i.</summary>
internal sealed class HistogramSummary
{
    public required double Minimum { get; init; }
    public required double Maximum { get; init; }
    public required double Count { get; init; }
    public required double Sum { get; init; }
    public required double SumOfSquares { get; init; }
    public required double[] Limits { get; init; }
    public required double[] Counts { get; init; }
}
