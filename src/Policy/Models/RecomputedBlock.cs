using Rlhf.Foundation.Torch;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>
/// A block of which the forward pass keeps nothing but the input; the backward pass runs it again (Chen et al. 2016), and
/// from there gradients reach weights the usual way.
/// </summary>
internal static class RecomputedBlock
{
    /// <summary>[B·S, D] → [B·S, D], or [N, D] at the places [N] that are asked for.</summary>
    public static Tensor Apply(Block block, Tensor rows, AttentionShape shape, Tensor? places)
    {
        using var scope = NewDisposeScope();
        Tensor result;
        using (no_grad()) result = block.Apply(rows, shape, null, places);
        if (!rows.requires_grad && !block.parameters().Any(weight => weight.requires_grad)) return result.MoveToOuterDisposeScope();
        // A node wants an input that learns, also where the rows do not: adapters on a frozen embedding.
        var carrier = rows.requires_grad ? rows : zeros([1], requires_grad: true);
        // The batch and the rotary tables may be gone when the backward pass begins.
        return Autograd.Attach(result, [carrier], [rows, places, .. shape.Tensors], (saved, towards) => [Gradient(block, shape, saved, towards)]).MoveToOuterDisposeScope();
    }

    private static Tensor? Gradient(Block block, AttentionShape shape, IReadOnlyList<Tensor?> saved, Tensor towards)
    {
        using var recorded = enable_grad();
        var learns = saved[0]!.requires_grad;
        var rows = saved[0]!.detach().requires_grad_(learns);
        Autograd.Backward(block.Apply(rows, shape.Over([.. saved.Skip(2)]), null, saved[1]), towards);
        return learns ? rows.grad : null;
    }
}
