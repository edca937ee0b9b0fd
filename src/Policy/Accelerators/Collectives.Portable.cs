using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

public static partial class Accelerator
{
    internal static Collective Join(string host, int port, int rank, int size, Device device, TimeSpan timeout) =>
        throw new RlhfException($"WORLD_SIZE is {size}, but the TorchSharp package has no collectives; build with the drop-in (the default) to train on several processes.");
}
