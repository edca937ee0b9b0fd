using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using static TorchSharp.torch;

namespace TorchSharp.Interop;

/// <summary>
/// Calls ATen operators by schema name ("mm", "add.Tensor", "add_.Scalar"). Arguments left out take the
/// schema's defaults; an error names the operator and the shapes it was given.
/// </summary>
internal static unsafe class Operators
{
    private const int Room = 8;
    private static readonly ConcurrentDictionary<string, IntPtr> Resolved = new();

    public static bool Exists(string name) => Resolve(name) != IntPtr.Zero;

    /// <summary>The one tensor an operator returns.</summary>
    public static Tensor Call(string name, params ReadOnlySpan<Value> arguments)
    {
        NativeValue result;
        Invoke(name, arguments, &result, 1);
        return Own(name, result);
    }

    /// <summary>An operator that returns nothing, or whose result is its first argument changed in place.</summary>
    public static void Run(string name, params ReadOnlySpan<Value> arguments)
    {
        NativeValue result;
        if (Invoke(name, arguments, &result, 1) > 0 && result.Tag == ValueTag.Tensor) Bridge.bridge_release(result.Pointer);
    }

    public static (Tensor, Tensor) Call2(string name, params ReadOnlySpan<Value> arguments)
    {
        var results = stackalloc NativeValue[2];
        Invoke(name, arguments, results, 2);
        return (Own(name, results[0]), Own(name, results[1]));
    }

    public static (Tensor, Tensor, Tensor) Call3(string name, params ReadOnlySpan<Value> arguments)
    {
        var results = stackalloc NativeValue[3];
        Invoke(name, arguments, results, 3);
        return (Own(name, results[0]), Own(name, results[1]), Own(name, results[2]));
    }

    public static Tensor[] CallList(string name, params ReadOnlySpan<Value> arguments)
    {
        NativeValue result;
        Invoke(name, arguments, &result, 1);
        var handles = (IntPtr*)result.Pointer;
        var tensors = new Tensor[result.Count];
        for (var i = 0; i < tensors.Length; i++) tensors[i] = new Tensor(handles[i]);
        Bridge.bridge_free_list(handles);
        return tensors;
    }

    /// <summary>A number or flag an operator returns.</summary>
    public static double CallNumber(string name, params ReadOnlySpan<Value> arguments)
    {
        NativeValue result;
        Invoke(name, arguments, &result, 1);
        return result.Tag == ValueTag.Double ? result.Real : result.Integer;
    }

    /// <summary>The whole number an operator returns, with no detour over double.</summary>
    public static long CallInteger(string name, params ReadOnlySpan<Value> arguments)
    {
        NativeValue result;
        Invoke(name, arguments, &result, 1);
        return result.Tag == ValueTag.Double ? (long)result.Real : result.Integer;
    }

    private static Tensor Own(string name, NativeValue value) => value.Tag == ValueTag.Tensor
        ? new Tensor(value.Pointer)
        : throw new ExternalException($"aten::{name} returned {value.Tag}, not a tensor");

    private static IntPtr Resolve(string name) => Resolved.GetOrAdd(name, static full =>
    {
        var dot = full.IndexOf('.', StringComparison.Ordinal);
        var qualified = full.Contains("::", StringComparison.Ordinal) ? full : "aten::" + full;
        dot = dot < 0 ? -1 : qualified.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? Bridge.bridge_operator(qualified, "") : Bridge.bridge_operator(qualified[..dot], qualified[(dot + 1)..]);
    });

    [SkipLocalsInit]
    private static int Invoke(string name, ReadOnlySpan<Value> arguments, NativeValue* results, int room)
    {
        var op = Resolve(name);
        if (op == IntPtr.Zero) throw new MissingMethodException($"This libtorch ({torch.__version__}) has no operator aten::{name}.");

        var lists = 0;
        foreach (ref readonly var argument in arguments) lists += argument.Count > 0 && argument.Reference is not null ? argument.Count : 0;
        long[]? rented = null;
        var small = stackalloc long[lists <= 64 ? lists : 0];
        if (lists > 64) rented = ArrayPool<long>.Shared.Rent(lists);
        try
        {
            fixed (long* large = rented)
            {
                var native = stackalloc NativeValue[arguments.Length];
                var next = rented is null ? small : large;
                for (var i = 0; i < arguments.Length; i++) next = Convert(name, i, in arguments[i], &native[i], next);
                var all = stackalloc NativeValue[Room];
                int produced;
                if (Bridge.bridge_call(op, native, arguments.Length, all, Room, &produced) != 0) throw Failure(name, arguments);
                for (var i = 0; i < produced; i++)
                {
                    if (i < room) results[i] = all[i];
                    else if (all[i].Tag == ValueTag.Tensor) Bridge.bridge_release(all[i].Pointer);
                }

                KeepAlive(arguments);
                return produced;
            }
        }
        finally
        {
            if (rented is not null) ArrayPool<long>.Shared.Return(rented);
        }
    }

    /// <summary>Writes one argument in its native form; lists are copied to <paramref name="next"/>, whose end is returned.</summary>
    private static long* Convert(string name, int index, in Value value, NativeValue* native, long* next)
    {
        native->Tag = value.Tag;
        native->Count = value.Count;
        native->Integer = value.Integer;
        switch (value.Tag)
        {
            case ValueTag.Tensor:
                native->Pointer = Handle(name, index, (Tensor)value.Reference!);
                break;
            case ValueTag.Double:
                native->Real = value.Real;
                break;
            case ValueTag.Generator:
                native->Pointer = ((Generator)value.Reference!).Handle;
                break;
            case ValueTag.IntList or ValueTag.BoolList:
                native->Pointer = (IntPtr)next;
                foreach (var number in (long[])value.Reference!) *next++ = number;
                break;
            case ValueTag.DoubleList:
                native->Pointer = (IntPtr)next;
                foreach (var number in (double[])value.Reference!) *(double*)next++ = number;
                break;
            case ValueTag.TensorList or ValueTag.OptionalTensorList:
                native->Pointer = (IntPtr)next;
                foreach (var tensor in (Tensor?[])value.Reference!) *next++ = tensor is null ? 0 : Handle(name, index, tensor);
                break;
            case ValueTag.String:
                var bytes = (byte[])value.Reference!;
                native->Count = bytes.Length;
                native->Pointer = (IntPtr)next;
                bytes.CopyTo(new Span<byte>(next, bytes.Length));
                next += bytes.Length;
                break;
        }

        return next;
    }

    private static IntPtr Handle(string name, int index, Tensor tensor)
    {
        if (tensor.IsInvalid) throw new ObjectDisposedException(nameof(Tensor), $"aten::{name}: argument {index + 1} is a tensor that was disposed");
        return tensor.handle;
    }

    private static void KeepAlive(ReadOnlySpan<Value> arguments)
    {
        foreach (ref readonly var argument in arguments) GC.KeepAlive(argument.Reference);
    }

    private static ExternalException Failure(string name, ReadOnlySpan<Value> arguments)
    {
        var reason = Bridge.LastError.Trim();
        var text = new StringBuilder($"aten::{name}(");
        for (var i = 0; i < arguments.Length; i++)
        {
            if (i > 0) text.Append(", ");
            text.Append(arguments[i].Reference switch
            {
                Tensor tensor => tensor.Summary,
                Tensor?[] { Length: <= 6 } tensors => "[" + string.Join(", ", tensors.Select(t => t?.Summary ?? "none")) + "]",
                Tensor?[] tensors => $"{tensors.Length} tensors",
                long[] numbers => "[" + string.Join(", ", numbers) + "]",
                _ => arguments[i].Tag is ValueTag.Double ? arguments[i].Real.ToString("R", null) : arguments[i].Tag is ValueTag.None or ValueTag.Default ? "none" : arguments[i].Integer.ToString((IFormatProvider?)null),
            });
        }

        return new ExternalException(text.Append("): ").Append(reason).ToString());
    }
}
