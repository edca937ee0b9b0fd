using Rlhf.Policies.Accelerators;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Likelihood;

/// <summary>
/// −Σ wᵢ·ln π(targetᵢ) as one number. Its gradient is known up to a factor before the backward pass begins, so each
/// chunk of logits is made once and turned into gradients at once: a product less than <see cref="TokenLogProbs"/>
/// needs where the logits do not fit one chunk.
/// </summary>
public static class TokenLoss
{
    /// <param name="hidden">[N, D], the rows that predict the targets.</param>
    /// <param name="head">[V, D].</param>
    /// <param name="targets">[N] int64.</param>
    /// <param name="weights">[N] float32.</param>
    public static Tensor WeightedNll(Tensor hidden, Tensor head, Tensor targets, Tensor weights) =>
        WeightedNll(hidden, head, targets, weights, LogitChunks.Rows(head.shape[0]));

    internal static Tensor WeightedNll(Tensor hidden, Tensor head, Tensor targets, Tensor weights, long chunk) =>
        Function.apply(hidden, head, LikelihoodPlan.For(hidden, head, targets, 1, chunk, LikelihoodResults.LogProbs), new Weights(weights));

    private sealed record Weights(Tensor Values);

    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        private const string PlanKey = "plan";

        public override string Name => nameof(TokenLoss);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (hidden, head, plan, weights) = ((Tensor)vars[0], (Tensor)vars[1], (LikelihoodPlan)vars[2], ((Weights)vars[3]).Values);
            using var scope = NewDisposeScope();
            var loss = zeros([], ScalarType.Float32, hidden.device);
            var hiddenGradient = plan.HiddenLearns ? empty_like(hidden) : null;
            var headGradient = plan.HeadLearns ? zeros(head.shape, ScalarType.Float32, head.device) : null;
            foreach (var (start, count) in LogitChunks.Of(hidden.shape[0], plan.ChunkRows))
            {
                using var chunk = NewDisposeScope();
                var (part, targets, weight) = (hidden.narrow(0, start, count), plan.Targets.narrow(0, start, count), weights.narrow(0, start, count));
                var logits = LogitChunks.Logits(part, head);
                var (chosen, sums) = Accelerator.LogProb(logits, targets, 1);
                loss.sub_(chosen.dot(weight));
                if (!plan.Learns) continue;
                Accelerator.LogProbGradient(logits, targets, sums, weight.neg(), 1);
                var gradient = logits.to(hidden.dtype);
                hiddenGradient?.narrow(0, start, count).copy_(Accelerator.Product(gradient, head));
                if (headGradient is not null) LogitChunks.AddHeadGradient(headGradient, gradient, part);
            }

            if (plan.Learns)
            {
                ctx.save_for_backward([.. new[] { hiddenGradient, headGradient?.to(head.dtype) }.OfType<Tensor>()]);
                ctx.save_data(PlanKey, plan);
            }

            return loss.MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var plan = (LikelihoodPlan)ctx.get_data(PlanKey);
            var saved = ctx.get_saved_variables();
            return [plan.HiddenLearns ? saved[0].mul(grad_output) : null!, plan.HeadLearns ? saved[^1].mul(grad_output) : null!];
        }
    }
}
