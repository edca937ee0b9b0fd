using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Fused;

/// <summary>
/// What is computed in kernels: float32 on the CPU, whatever the family, unless RLHF_KERNELS=0 says otherwise. All else is composed of
/// libtorch's operators.
/// </summary>
internal static class KernelRule
{
    private static readonly bool s_isWanted = Environment.GetEnvironmentVariable("RLHF_KERNELS") != "0";
    private static int s_suspended;

    public static bool IsOn => s_isWanted && s_suspended == 0;

    public static bool Serves(Tensor weight) => IsOn && weight.device_type == DeviceType.CPU && weight.dtype == ScalarType.Float32;

    public static bool Serves(Device device, ScalarType type) => IsOn && device.type == DeviceType.CPU && type == ScalarType.Float32;

    /// <summary>Everything is composed until the result is disposed: to be held against.</summary>
    public static IDisposable Suspend()
    {
        Interlocked.Increment(ref s_suspended);
        return new Suspension();
    }

    private sealed class Suspension : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref s_suspended);
    }
}
