using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Likelihood;

/// <summary>
/// Logits for a few rows at a time: over a large vocabulary those of a batch would be the largest tensor of all.
/// </summary>
internal static class LogitChunks
{
    /// <summary>Elements of one chunk, enough rows for the products to run at full speed: 64 MB of float32, on a GPU 512 MB.</summary>
    public static long Elements(Device device) => device.type == DeviceType.CUDA ? 1 << 27 : 1 << 24;

    /// <summary>The rows of one chunk of this head's [V, D] logits; of both where two are compared.</summary>
    public static long Rows(Tensor head, int heads = 1) => Math.Max(16, Elements(head.device) / (heads * head.shape[0]));

    /// <summary>Ranges that cover the rows in order.</summary>
    public static IEnumerable<(long Start, long Count)> Of(long rows, long chunk)
    {
        for (long start = 0; start < rows; start += chunk) yield return (start, Math.Min(chunk, rows - start));
    }

    /// <summary>[n, V] from hidden states [n, D] and the head [V, D], in their type; contiguous, without a gradient.</summary>
    public static Tensor Logits(Tensor hidden, Tensor head) => hidden.mm(head.t());
}
