using System.IO.Hashing;
using System.Runtime.InteropServices;
using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Policies.Fused;

/// <summary>A number that is another one as soon as one of some tensors is another, or has been changed in place.</summary>
internal static class WeightKey
{
    public static unsafe ulong Of(ReadOnlySpan<Tensor?> tensors)
    {
        Span<long> parts = stackalloc long[2 * tensors.Length];
        // Where the numbers are, not the object: a backward pass has other objects over the same.
        for (var i = 0; i < tensors.Length; i++)
            if (tensors[i] is { } tensor) (parts[2 * i], parts[2 * i + 1]) = ((nint)tensor.Numbers(tensor.dtype), tensor.Version());
        return XxHash3.HashToUInt64(MemoryMarshal.AsBytes(parts));
    }
}
