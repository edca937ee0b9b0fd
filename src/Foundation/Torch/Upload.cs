using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Foundation.Torch;

/// <summary>Numbers of the host on their way to a device.</summary>
internal static class Upload
{
    /// <summary>
    /// The tensor on the device, without a wait for what that has still to do: a copy from ordinary memory would stand behind
    /// all of it. The host's own is done with; on a CPU it is the one.
    /// </summary>
    public static Tensor On(this Tensor host, Device device)
    {
        if (device.type == DeviceType.CPU) return host;
        using (host)
        {
            using var pinned = host.pin_memory();
            return pinned.to(device, copy: false, disposeAfter: false, non_blocking: true);
        }
    }
}
