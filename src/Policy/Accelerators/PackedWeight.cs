using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

public sealed class PackedWeight : IDisposable
{
    private PackedWeight() { }

    public static PackedWeight? Of(Tensor weight) => null;

    public Tensor Apply(Tensor rows, Tensor? bias, Tensor? residual) => throw new NotSupportedException("this build has no packed products");

    public void Dispose() { }
}
