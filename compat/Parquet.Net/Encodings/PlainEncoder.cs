using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Parquet.Encodings;

/// <summary>Writes values one after another: numbers as they lie in memory, bytes and text behind their length, booleans as bits.</summary>
internal static class PlainEncoder
{
    public static void Write<T>(ReadOnlySpan<T> values, ArrayBufferWriter<byte> output)
    {
        switch (values)
        {
            case var _ when typeof(T) == typeof(bool): Bits(Cast<T, bool>(values), output); break;
            case var _ when typeof(T) == typeof(int): output.Write(MemoryMarshal.AsBytes(Cast<T, int>(values))); break;
            case var _ when typeof(T) == typeof(long): output.Write(MemoryMarshal.AsBytes(Cast<T, long>(values))); break;
            case var _ when typeof(T) == typeof(float): output.Write(MemoryMarshal.AsBytes(Cast<T, float>(values))); break;
            case var _ when typeof(T) == typeof(double): output.Write(MemoryMarshal.AsBytes(Cast<T, double>(values))); break;
            default: Bytes(values, output); break;
        }
    }

    /// <summary>How many bytes a value takes.</summary>
    public static int Size<T>(T value) => value switch
    {
        string text => 4 + Encoding.UTF8.GetByteCount(text),
        byte[] bytes => 4 + bytes.Length,
        bool => 1,
        int or float => 4,
        _ => 8,
    };

    private static void Bits(ReadOnlySpan<bool> values, ArrayBufferWriter<byte> output)
    {
        var size = (values.Length + 7) / 8;
        var bytes = output.GetSpan(size)[..size];
        bytes.Clear();
        for (var i = 0; i < values.Length; i++)
            if (values[i]) bytes[i >> 3] |= (byte)(1 << (i & 7));
        output.Advance(size);
    }

    private static void Bytes<T>(ReadOnlySpan<T> values, ArrayBufferWriter<byte> output)
    {
        foreach (var value in values)
        {
            var size = Size(value);
            var bytes = output.GetSpan(size);
            BinaryPrimitives.WriteInt32LittleEndian(bytes, size - 4);
            if (value is string text) Encoding.UTF8.GetBytes(text, bytes[4..]);
            else if (value is byte[] array) array.CopyTo(bytes[4..]);
            output.Advance(size);
        }
    }

    private static ReadOnlySpan<TTo> Cast<TFrom, TTo>(ReadOnlySpan<TFrom> values) where TTo : unmanaged =>
        MemoryMarshal.CreateReadOnlySpan(ref System.Runtime.CompilerServices.Unsafe.As<TFrom, TTo>(ref MemoryMarshal.GetReference(values)), values.Length);
}
