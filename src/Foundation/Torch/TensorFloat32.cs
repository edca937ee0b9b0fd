using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Foundation.Torch;

/// <summary>
/// Float32 products of a GPU whose factors are rounded to 11 bits and summed in float32: several times as fast. What a
/// model computes then agrees between batches to that rounding, as under bfloat16 to 8 bits.
/// </summary>
internal static class TensorFloat32
{
    /// <summary>NVIDIA's own variable for every library, NVIDIA_TF32_OVERRIDE=0, turns it off.</summary>
    public static bool IsWanted => Environment.GetEnvironmentVariable("NVIDIA_TF32_OVERRIDE") != "0";

    /// <summary>Lets products of this process use it where it is wanted.</summary>
    public static void Allow() => backends.cuda.matmul.allow_tf32 = IsWanted;

    /// <summary>Whether products of this type on this device are rounded so.</summary>
    public static bool IsUsed(Device device, ScalarType type) =>
        device.type == DeviceType.CUDA && type == ScalarType.Float32 && backends.cuda.matmul.allow_tf32;
}
