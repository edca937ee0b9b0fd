using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Rlhf.Foundation.Torch;

/// <summary>A call of a libtorch operator that TorchSharp does not wrap, its arguments given in the order of the schema.</summary>
internal ref struct OperatorCall
{
    private readonly string _name;
    private readonly string _overload;
    private readonly Span<ulong> _stack;
    private int _count;

    /// <param name="stack">room for the arguments, or the results where these are more</param>
    public OperatorCall(string name, string overload, Span<ulong> stack)
    {
        _name = name;
        _overload = overload;
        _stack = stack;
    }

    public OperatorCall With(Tensor tensor) => Push(Owned(tensor));
    public OperatorCall With(double number) => Push(BitConverter.DoubleToUInt64Bits(number));
    public OperatorCall With(long number) => Push((ulong)number);

    public unsafe OperatorCall With(string text)
    {
        nint handle;
        Check(StableInterface.NewString(text, (nuint)System.Text.Encoding.UTF8.GetByteCount(text), &handle));
        return Push((ulong)handle);
    }

    public unsafe OperatorCall With(ReadOnlySpan<long> numbers)
    {
        nint list;
        Check(StableInterface.NewList((nuint)numbers.Length, &list));
        foreach (var number in numbers) Check(StableInterface.Append(list, (ulong)number));
        return Push((ulong)list);
    }

    public OperatorCall With(bool flag) => Push(flag ? 1UL : 0);
    public OperatorCall WithNone() => Push(0);

    /// <summary>An optional argument that is there: libtorch takes the word's memory and frees it.</summary>
    public OperatorCall WithSome(Tensor tensor) => PushSome(Owned(tensor));

    public OperatorCall WithSome(double number) => PushSome(BitConverter.DoubleToUInt64Bits(number));

    public OperatorCall WithOptional(Tensor? tensor) => tensor is null ? WithNone() : WithSome(tensor);

    public unsafe OperatorCall With(ReadOnlySpan<Tensor> tensors)
    {
        nint list;
        Check(StableInterface.NewList((nuint)tensors.Length, &list));
        foreach (var tensor in tensors) Check(StableInterface.Append(list, Owned(tensor)));
        return Push((ulong)list);
    }

    /// <summary>Runs an operator whose results are not wanted: one that works in place.</summary>
    public readonly void Run() => Invoke();

    /// <summary>Runs an operator that gives a tensor, the first of several.</summary>
    public readonly Tensor RunForTensor(int results = 1)
    {
        Invoke();
        for (var i = 1; i < results; i++) _ = StableInterface.Delete((nint)_stack[i]);
        return Tensor.UnsafeCreateTensor((nint)_stack[0]);
    }

    /// <summary>Runs an operator that gives a whole number.</summary>
    public readonly long RunForNumber()
    {
        Invoke();
        return (long)_stack[0];
    }

    private readonly unsafe void Invoke()
    {
        fixed (ulong* stack = _stack) Check(StableInterface.Call(_name, _overload, stack, StableInterface.Version));
    }

    private unsafe OperatorCall PushSome(ulong value)
    {
        var word = (ulong*)NativeMemory.Alloc(sizeof(ulong));
        *word = value;
        return Push((ulong)word);
    }

    private OperatorCall Push(ulong word)
    {
        _stack[_count++] = word;
        return this;
    }

    private readonly unsafe ulong Owned(Tensor tensor)
    {
        nint handle;
        Check(StableInterface.Own(tensor.Handle, &handle));
        return (ulong)handle;
    }

    private readonly void Check(int code)
    {
        if (code != 0) throw new OperatorException($"libtorch's operator {_name} failed; it has written why to stderr");
    }
}

/// <summary>An operator that was called through the C interface failed.</summary>
internal sealed class OperatorException(string message) : ExternalException(message);
