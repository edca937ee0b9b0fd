using System.Runtime.InteropServices;
using TorchSharp.Interop;
using static TorchSharp.Interop.Operators;

namespace TorchSharp;

public static unsafe partial class torch
{
    private static ScalarType _defaultType = ScalarType.Float32;

    public static ScalarType get_default_dtype() => _defaultType;

    public static void set_default_dtype(ScalarType dtype) => _defaultType = is_floating_point(dtype)
        ? dtype
        : throw new ArgumentException($"the default dtype has to be a floating-point one, got {dtype}");

    public static Tensor empty(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Leaf(Call("empty.memory_format", size, dtype ?? _defaultType, Value.None, device), requires_grad);
    public static Tensor empty(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => empty([size], dtype, device, requires_grad);
    public static Tensor empty(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => empty([rows, columns], dtype, device, requires_grad);
    public static Tensor empty(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => empty([dim0, dim1, dim2], dtype, device, requires_grad);
    public static Tensor empty(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => empty([dim0, dim1, dim2, dim3], dtype, device, requires_grad);
    public static Tensor zeros(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Leaf(Call("zeros", size, dtype ?? _defaultType, Value.None, device), requires_grad);
    public static Tensor zeros(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => zeros([size], dtype, device, requires_grad);
    public static Tensor zeros(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => zeros([rows, columns], dtype, device, requires_grad);
    public static Tensor zeros(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => zeros([dim0, dim1, dim2], dtype, device, requires_grad);
    public static Tensor zeros(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => zeros([dim0, dim1, dim2, dim3], dtype, device, requires_grad);
    public static Tensor ones(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Leaf(Call("ones", size, dtype ?? _defaultType, Value.None, device), requires_grad);
    public static Tensor ones(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => ones([size], dtype, device, requires_grad);
    public static Tensor ones(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => ones([rows, columns], dtype, device, requires_grad);
    public static Tensor ones(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => ones([dim0, dim1, dim2], dtype, device, requires_grad);
    public static Tensor ones(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => ones([dim0, dim1, dim2, dim3], dtype, device, requires_grad);
    public static Tensor full(long[] size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Leaf(Call("full", size, value, dtype ?? (value.Type == ScalarType.Float64 ? _defaultType : value.Type), Value.None, device), requires_grad);
    public static Tensor full(long size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => full([size], value, dtype, device, requires_grad);
    public static Tensor full(long rows, long columns, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => full([rows, columns], value, dtype, device, requires_grad);
    public static Tensor eye(long rows, long columns = -1, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Leaf(Call("eye.m", rows, columns < 0 ? rows : columns, dtype ?? _defaultType, Value.None, device), requires_grad);

    public static Tensor arange(Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => arange(0, stop, dtype, device, requires_grad);
    public static Tensor arange(Scalar start, Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Leaf(Call("arange.start", start, stop, dtype, Value.None, device), requires_grad);
    public static Tensor arange(Scalar start, Scalar stop, Scalar step, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Leaf(Call("arange.start_step", start, stop, step, dtype, Value.None, device), requires_grad);
    public static Tensor linspace(Scalar start, Scalar end, long steps, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Leaf(Call("linspace", start, end, steps, dtype ?? _defaultType, Value.None, device), requires_grad);

    public static Tensor empty_like(Tensor input, ScalarType? dtype = null, Device? device = null) => Call("empty_like", input, dtype, Value.None, device);
    public static Tensor zeros_like(Tensor input, ScalarType? dtype = null, Device? device = null) => Call("zeros_like", input, dtype, Value.None, device);
    public static Tensor ones_like(Tensor input, ScalarType? dtype = null, Device? device = null) => Call("ones_like", input, dtype, Value.None, device);
    public static Tensor full_like(Tensor input, Scalar value, ScalarType? dtype = null, Device? device = null) => Call("full_like", input, value, dtype, Value.None, device);

    public static Tensor tensor(float value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => full([], value, dtype ?? ScalarType.Float32, device, requires_grad);
    public static Tensor tensor(double value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => full([], value, dtype ?? ScalarType.Float64, device, requires_grad);
    public static Tensor tensor(long value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => full([], value, dtype ?? ScalarType.Int64, device, requires_grad);
    public static Tensor tensor(int value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => full([], value, dtype ?? ScalarType.Int32, device, requires_grad);
    public static Tensor tensor(bool value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => full([], value, dtype ?? ScalarType.Bool, device, requires_grad);
    public static Tensor tensor(IList<float> data, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From(data, [data.Count], dtype, device, requires_grad);
    public static Tensor tensor(IList<double> data, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From(data, [data.Count], dtype, device, requires_grad);
    public static Tensor tensor(IList<long> data, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From(data, [data.Count], dtype, device, requires_grad);
    public static Tensor tensor(IList<int> data, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From(data, [data.Count], dtype, device, requires_grad);
    public static Tensor tensor(IList<bool> data, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From(data, [data.Count], dtype, device, requires_grad);
    public static Tensor tensor(IList<byte> data, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From(data, [data.Count], dtype, device, requires_grad);
    public static Tensor tensor(IList<float> data, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From(data, dimensions, dtype, device, requires_grad);
    public static Tensor tensor(IList<double> data, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From(data, dimensions, dtype, device, requires_grad);
    public static Tensor tensor(IList<long> data, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From(data, dimensions, dtype, device, requires_grad);
    public static Tensor tensor(IList<int> data, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From(data, dimensions, dtype, device, requires_grad);
    public static Tensor tensor(IList<bool> data, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From(data, dimensions, dtype, device, requires_grad);
    public static Tensor tensor(float[,] data, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Grid(data, data.GetLength(0), data.GetLength(1), dtype, device, requires_grad);
    public static Tensor tensor(double[,] data, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Grid(data, data.GetLength(0), data.GetLength(1), dtype, device, requires_grad);
    public static Tensor tensor(long[,] data, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Grid(data, data.GetLength(0), data.GetLength(1), dtype, device, requires_grad);
    public static Tensor tensor(bool[,] data, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Grid(data, data.GetLength(0), data.GetLength(1), dtype, device, requires_grad);

    /// <summary>A tensor with a copy of the array's elements.</summary>
    public static Tensor from_array(Array rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
    {
        var shape = Enumerable.Range(0, rawArray.Rank).Select(d => (long)rawArray.GetLength(d)).ToArray();
        return rawArray switch
        {
            float[] or float[,] or float[,,] => Copy(Flat<float>(rawArray), shape, dtype, device, requires_grad),
            double[] or double[,] or double[,,] => Copy(Flat<double>(rawArray), shape, dtype, device, requires_grad),
            long[] or long[,] or long[,,] => Copy(Flat<long>(rawArray), shape, dtype, device, requires_grad),
            int[] or int[,] or int[,,] => Copy(Flat<int>(rawArray), shape, dtype, device, requires_grad),
            bool[] or bool[,] or bool[,,] => Copy(Flat<bool>(rawArray), shape, dtype, device, requires_grad),
            byte[] or byte[,] or byte[,,] => Copy(Flat<byte>(rawArray), shape, dtype, device, requires_grad),
            _ => throw new ArgumentException($"no tensor is made from {rawArray.GetType().Name}"),
        };
    }

    private static Tensor Grid<T>(T[,] data, long rows, long columns, ScalarType? dtype, Device? device, bool requires_grad) where T : unmanaged =>
        Copy(Flat<T>(data), [rows, columns], dtype, device, requires_grad);

    private static ReadOnlySpan<T> Flat<T>(Array data) where T : unmanaged =>
        MemoryMarshal.CreateReadOnlySpan(ref System.Runtime.CompilerServices.Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(data)), data.Length);

    private static Tensor From<T>(IList<T> data, ReadOnlySpan<long> shape, ScalarType? dtype, Device? device, bool requires_grad) where T : unmanaged =>
        Copy<T>(data switch { T[] array => array, List<T> list => CollectionsMarshal.AsSpan(list), _ => data.ToArray() }, shape, dtype, device, requires_grad);

    private static Tensor Copy<T>(ReadOnlySpan<T> data, ReadOnlySpan<long> shape, ScalarType? dtype, Device? device, bool requires_grad) where T : unmanaged
    {
        var own = ScalarTypes.Of<T>();
        IntPtr result;
        fixed (T* d = data)
        fixed (long* s = shape)
            Bridge.Check(Bridge.bridge_empty_like_bytes(s, shape.Length, (int)own, d, (long)data.Length * sizeof(T), &result), "tensor");
        var made = new Tensor(result);
        if ((dtype is { } wanted && wanted != own) || (device is not null && device.type != DeviceType.CPU))
            made = made.to(dtype ?? own, device ?? CPU, disposeAfter: true);
        return Leaf(made, requires_grad);
    }

    private static Tensor Leaf(Tensor tensor, bool requires_grad)
    {
        if (requires_grad) tensor.requires_grad = true;
        return tensor;
    }
}
