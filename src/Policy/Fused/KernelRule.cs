using System.Runtime.Intrinsics;
using Rlhf.Foundation.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Fused;

/// <summary>
/// What is computed in kernels, unless RLHF_KERNELS=0 says otherwise: float32 on the CPU, trunks of the shapes that <see cref="TrunkShape"/> knows; models in bfloat16 too
/// where the processor multiplies that, for then libtorch's product of blocks does as much as twice what float32 can. All else is
/// composed of libtorch's operators.
/// </summary>
internal static class KernelRule
{
    private static readonly bool s_isWanted = Environment.GetEnvironmentVariable("RLHF_KERNELS") != "0";
    private static int s_suspended;

    public static bool IsOn => s_isWanted && s_suspended == 0;

    /// <summary>Of numbers by themselves: gradients, moments.</summary>
    public static bool Serves(Tensor numbers) => IsOn && numbers.device_type == DeviceType.CPU && numbers.dtype == ScalarType.Float32;

    /// <summary>Of a model's weights and states.</summary>
    public static bool ServesModel(Tensor weight) => IsOn && weight.device_type == DeviceType.CPU && IsMultiplied(weight.dtype);

    public static bool ServesModel(Device device, ScalarType type) => IsOn && device.type == DeviceType.CPU && IsMultiplied(type);

    /// <summary>Everything is composed until the result is disposed: to be held against.</summary>
    public static IDisposable Suspend()
    {
        Interlocked.Increment(ref s_suspended);
        return new Suspension();
    }

    private static bool IsMultiplied(ScalarType type) => type == ScalarType.Float32 || (type == ScalarType.BFloat16 && Vector512.IsHardwareAccelerated && BFloat16Products.AreOffered);

    private sealed class Suspension : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref s_suspended);
    }
}
