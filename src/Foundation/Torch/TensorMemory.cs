using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Foundation.Torch;

/// <summary>A tensor as kernels see it.</summary>
internal static unsafe class TensorMemory
{
    /// <summary>The numbers of a contiguous float32 tensor on the CPU; the tensor has to outlive their use.</summary>
    public static float* Floats(this Tensor tensor) => (float*)tensor.Numbers(ScalarType.Float32);

    /// <summary>The numbers of a contiguous int64 tensor on the CPU.</summary>
    public static long* Longs(this Tensor tensor) => (long*)tensor.Numbers(ScalarType.Int64);

    /// <summary>Counts the changes in place of a tensor and of the views of its memory.</summary>
    public static long Version(this Tensor tensor) => new OperatorCall("aten::_version", "", stackalloc ulong[1]).With(tensor).RunForNumber();

    /// <summary>Tells libtorch that tensors were changed behind its back: their <see cref="Version"/> goes up, and a backward pass that wants them as they were says so.</summary>
    public static void NoteChange(Tensor[] tensors)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        new OperatorCall("aten::_foreach_zero_", "", stackalloc ulong[2]).With(Array.ConvertAll(tensors, one => one.reshape(-1).narrow(0, 0, 0))).Run();
    }

    /// <summary>The numbers of a contiguous tensor of some type on the CPU.</summary>
    public static void* Numbers(this Tensor tensor, ScalarType type)
    {
        if (tensor.dtype != type || tensor.device_type != DeviceType.CPU || !tensor.is_contiguous())
            throw new ArgumentException($"a contiguous {type} tensor on the CPU is expected; this is {tensor.dtype} on {tensor.device_type}{(tensor.is_contiguous() ? "" : ", and not contiguous")}", nameof(tensor));
        void* data;
        if (StableInterface.Data(tensor.Handle, &data) != 0) throw new OperatorException("libtorch does not say where a tensor's numbers are");
        return data;
    }
}
