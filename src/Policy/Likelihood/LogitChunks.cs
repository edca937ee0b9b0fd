using Rlhf.Foundation.Torch;
using Rlhf.Policies.Accelerators;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Likelihood;

/// <summary>
/// Logits for a few rows at a time: over a large vocabulary those of a batch would be the largest tensor of all.
/// </summary>
internal static class LogitChunks
{
    /// <summary>Elements of one chunk: 64 MB of float32, enough rows for the products to run at full speed.</summary>
    public const long Elements = 1 << 24;

    /// <summary>The rows of one chunk.</summary>
    public static long Rows(long vocabulary) => Math.Max(16, Elements / vocabulary);

    /// <summary>Ranges that cover the rows in order.</summary>
    public static IEnumerable<(long Start, long Count)> Of(long rows, long chunk)
    {
        for (long start = 0; start < rows; start += chunk) yield return (start, Math.Min(chunk, rows - start));
    }

    /// <summary>[n, V] float32 from hidden states [n, D] and the head [V, D]; contiguous, without a gradient.</summary>
    public static Tensor Logits(Tensor hidden, Tensor head) => Accelerator.Product(hidden, head.t()).to(ScalarType.Float32);

    /// <summary>sum [V, D] += gradient [n, V]ᵀ·hidden [n, D].</summary>
    public static void AddHeadGradient(Tensor sum, Tensor gradient, Tensor hidden)
    {
        if (gradient.dtype == ScalarType.Float32) Accelerator.AddProduct(sum, gradient.t(), hidden);
        else sum.Add(Accelerator.Product(gradient.t(), hidden));
    }
}
