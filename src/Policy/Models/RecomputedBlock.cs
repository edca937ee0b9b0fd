using Rlhf.Policies.Accelerators;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>
/// A block of which the forward pass keeps nothing but the input; the backward pass runs it again (Chen et al. 2016).
/// </summary>
internal sealed class RecomputedBlock : autograd.SingleTensorFunction<RecomputedBlock>
{
    private const string PlanKey = "plan";

    public override string Name => nameof(RecomputedBlock);

    /// <summary>[B·S, D] → [B·S, D], or [N, D] at the places [N] that are asked for.</summary>
    public static Tensor Apply(Block block, Tensor rows, AttentionShape shape, Tensor? places)
    {
        // Weights are inputs of the function: their gradients take the way of all others, also where the rows need none.
        Tensor[] weights = [.. block.parameters().Where(weight => weight.requires_grad)];
        return apply([rows, .. weights, new Plan(block, shape, places, weights, rows.requires_grad)]);
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (rows, plan) = ((Tensor)vars[0], (Plan)vars[^1]);
        // The batch and the rotary tables may be gone when the backward pass begins.
        ctx.save_for_backward([rows, plan.Places!, .. plan.Shape.Tensors!]);
        ctx.save_data(PlanKey, plan);
        return plan.Block.Apply(rows, plan.Shape, null, plan.Places);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var plan = (Plan)ctx.get_data(PlanKey);
        var saved = ctx.get_saved_variables();
        using var recorded = enable_grad();
        var rows = saved[0].detach().requires_grad_(plan.RowsLearn);
        var result = plan.Block.Apply(rows, plan.Shape.Over([.. saved.Skip(2)]), null, saved[1]);
        Tensor[] inputs = plan.RowsLearn ? [rows, .. plan.Weights] : plan.Weights;
        var gradients = autograd.grad([result], inputs, [grad_output], allow_unused: true);
        return plan.RowsLearn ? [.. gradients] : [null!, .. gradients];
    }

    private sealed class Plan(Block block, AttentionShape shape, Tensor? places, Tensor[] weights, bool rowsLearn)
    {
        public Block Block { get; } = block;
        public AttentionShape Shape { get; } = shape;
        public Tensor? Places { get; } = places;
        public Tensor[] Weights { get; } = weights;
        public bool RowsLearn { get; } = rowsLearn;
    }
}
