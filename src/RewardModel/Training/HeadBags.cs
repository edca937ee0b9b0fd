using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Training;

/// <summary>
/// Which head learns from which item: every head of an ensemble leaves out a third of them, each another third, so that
/// heads differ where the data does not say enough (Breiman 1996).
/// </summary>
internal static class HeadBags
{
    private const double Kept = 2.0 / 3;

    /// <summary>Weights [N, K] whose mean over heads is about 1/K each; null for a single head, which learns from everything.</summary>
    public static Tensor? Weights(IReadOnlyList<int> items, int heads, Device device)
    {
        if (heads == 1) return null;
        var weights = new float[items.Count * heads];
        for (var i = 0; i < items.Count; i++)
            for (var head = 0; head < heads; head++)
                weights[i * heads + head] = IsKept(items[i], head) ? (float)(1 / Kept) : 0;
        return tensor(weights, [items.Count, heads]).On(device);
    }

    /// <summary>SplitMix64 of item and head.</summary>
    private static bool IsKept(int item, int head)
    {
        var z = ((ulong)item << 16 | (uint)head) * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        z ^= z >> 31;
        return (z >> 11) * (1.0 / (1UL << 53)) < Kept;
    }
}
