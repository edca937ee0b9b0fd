using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>A tensor that a module trains. It takes over the tensor it is made from and belongs to no scope.</summary>
public sealed class Parameter : Tensor
{
    public Parameter(Tensor data, bool requires_grad = true) : base(data.Surrender())
    {
        DetachFromDisposeScope();
        if (this.requires_grad != requires_grad) this.requires_grad = requires_grad;
    }
}
