using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace TorchSharp.Interop;

/// <summary>One argument or result as it crosses the bridge (struct Value in native/bridge.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct NativeValue
{
    [FieldOffset(0)] public ValueTag Tag;
    [FieldOffset(4)] public int Count;
    [FieldOffset(8)] public long Integer;
    [FieldOffset(8)] public double Real;
    [FieldOffset(8)] public IntPtr Pointer;
}

internal enum ValueTag
{
    Default = -1,
    None = 0, Tensor, Int, Double, Bool, IntList, TensorList, OptionalTensorList, DoubleList, String, Device, Generator, BoolList,
}

/// <summary>An argument of an operator: whatever a schema may ask for, by implicit conversion.</summary>
internal readonly struct Value
{
    public readonly ValueTag Tag;
    public readonly int Count;
    public readonly long Integer;
    public readonly double Real;
    public readonly object? Reference;

    private Value(ValueTag tag, long integer = 0, double real = 0, object? reference = null, int count = 0)
    {
        Tag = tag;
        Integer = integer;
        Real = real;
        Reference = reference;
        Count = count;
    }

    /// <summary>Leaves an argument at its schema's default.</summary>
    public static Value Default => new(ValueTag.Default);
    public static Value None => default;

    public static implicit operator Value(Tensor? tensor) => tensor is null ? None : new Value(ValueTag.Tensor, reference: tensor);
    public static implicit operator Value(long number) => new(ValueTag.Int, number);
    public static implicit operator Value(int number) => new(ValueTag.Int, number);
    public static implicit operator Value(long? number) => number is { } n ? n : None;
    public static implicit operator Value(double number) => new(ValueTag.Double, real: number);
    public static implicit operator Value(double? number) => number is { } n ? n : None;
    public static implicit operator Value(bool flag) => new(ValueTag.Bool, flag ? 1 : 0);
    public static implicit operator Value(bool[] flags) => new(ValueTag.BoolList, reference: Array.ConvertAll(flags, f => f ? 1L : 0L), count: flags.Length);
    public static implicit operator Value(string text)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        return new Value(ValueTag.String, reference: bytes, count: bytes.Length);
    }

    public static implicit operator Value(ScalarType type) => new(ValueTag.Int, (long)type);
    public static implicit operator Value(ScalarType? type) => type is { } t ? t : None;
    public static implicit operator Value(long[]? list) => list is null ? None : new Value(ValueTag.IntList, reference: list, count: list.Length);
    public static implicit operator Value(double[] list) => new(ValueTag.DoubleList, reference: list, count: list.Length);
    public static implicit operator Value(Tensor[] list) => new(ValueTag.TensorList, reference: list, count: list.Length);
    public static implicit operator Value(Device? device) => device is null ? None : new Value(ValueTag.Device, (long)device.type, count: device.index);
    public static implicit operator Value(Generator? generator) => generator is null ? None : new Value(ValueTag.Generator, reference: generator);
    public static implicit operator Value(Scalar scalar) => scalar.AsValue();
    public static implicit operator Value(Scalar? scalar) => scalar is { } s ? s.AsValue() : None;
    public static Value OptionalTensors(Tensor?[] list) => new(ValueTag.OptionalTensorList, reference: list, count: list.Length);
}
