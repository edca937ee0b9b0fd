using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

/// <summary>A matrix [out, in] laid out for products with few rows; no gradient passes through.</summary>
public sealed class PackedWeight : IDisposable
{
    private readonly Tensor _panels;
    private readonly long _outputs;

    private PackedWeight(Tensor panels, long outputs) => (_panels, _outputs) = (panels, outputs);

    /// <summary>Null where products need no such layout: on a GPU, and where the processor multiplies bfloat16 itself.</summary>
    public static PackedWeight? Of(Tensor weight) => TransformerKernels.Take(weight) && !(weight.dtype == ScalarType.BFloat16 && Libtorch.HasHalfProducts)
        ? new PackedWeight(Libtorch.Pack(weight.detach().t()).DetachFromDisposeScope(), weight.shape[0])
        : null;

    /// <summary>rows·weightᵀ + bias + residual; a row's result does not depend on the other rows.</summary>
    public Tensor Apply(Tensor rows, Tensor? bias, Tensor? residual) => Libtorch.ProductPacked(rows, _panels, _outputs, bias, residual);

    public void Dispose() => _panels.Dispose();
}
