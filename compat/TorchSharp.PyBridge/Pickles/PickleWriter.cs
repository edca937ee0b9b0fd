using System.Buffers.Binary;
using System.Text;

namespace TorchSharp.PyBridge;

/// <summary>The pickle of a state dictionary, in protocol 2: what torch.save writes, without its memo.</summary>
internal sealed class PickleWriter
{
    private readonly List<byte> _bytes = [0x80, 2];

    public byte[] ToArray() => [.. _bytes];

    public void BeginDictionary()
    {
        Global("collections", "OrderedDict");
        Write(")R("); // no arguments, call, mark
    }

    public void EndDictionary() => Write("u.");

    public void Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Write("X");
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        _bytes.AddRange(length);
        _bytes.AddRange(bytes);
    }

    /// <summary>A contiguous tensor that fills the storage of that key.</summary>
    public void Tensor(string storageType, string key, long[] shape, bool requiresGrad)
    {
        Global("torch._utils", "_rebuild_tensor_v2");
        Write("((");
        Text("storage");
        Global("torch", storageType);
        Text(key);
        Text("cpu");
        Long(shape.Aggregate(1L, (product, size) => product * size));
        Write("tQ");
        Long(0);
        Longs(shape);
        Longs(Strides(shape));
        Write(requiresGrad ? "\x88" : "\x89");
        Global("collections", "OrderedDict");
        Write(")RtR"); // empty hooks; the tuple of arguments; call
    }

    private static long[] Strides(long[] shape)
    {
        var strides = new long[shape.Length];
        var next = 1L;
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = next;
            next *= Math.Max(1, shape[i]);
        }

        return strides;
    }

    private void Longs(long[] numbers)
    {
        Write("(");
        foreach (var number in numbers) Long(number);
        Write("t");
    }

    private void Long(long number)
    {
        Write("\x8a\x08");
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        _bytes.AddRange(bytes);
    }

    private void Global(string module, string name) => Write($"c{module}\n{name}\n");

    private void Write(string opcodes) => _bytes.AddRange(Encoding.Latin1.GetBytes(opcodes));
}
