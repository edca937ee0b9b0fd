using Rlhf.Policies.Accelerators;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Likelihood;

/// <summary>
/// KL(π‖ρ) = Σ_v π(v)·(ln π(v) − ln ρ(v)) at every row, over the whole vocabulary, with gradients for the hidden states
/// and head of π. Logits exist for one chunk of rows at a time, forward and backward.
/// </summary>
public static class ExactKl
{
    /// <summary>[N] float32.</summary>
    /// <param name="hidden">[N, D] of π.</param>
    /// <param name="head">[V, D] of π.</param>
    /// <param name="reference">[N, D'] of ρ, which does not learn.</param>
    /// <param name="referenceHead">[V, D'] of ρ.</param>
    public static Tensor Of(Tensor hidden, Tensor head, Tensor reference, Tensor referenceHead, double temperature) =>
        Of(hidden, head, reference, referenceHead, temperature, LogitChunks.Rows(2 * head.shape[0]));

    internal static Tensor Of(Tensor hidden, Tensor head, Tensor reference, Tensor referenceHead, double temperature, long chunk)
    {
        using var scope = NewDisposeScope();
        var none = zeros([hidden.shape[0]], ScalarType.Int64, hidden.device);
        var plan = LikelihoodPlan.For(hidden, head, none, temperature, chunk, LikelihoodResults.LogProbs);
        return Function.apply(hidden, head, plan, new Reference(reference, referenceHead)).MoveToOuterDisposeScope();
    }

    /// <summary>ln p [n, V] of softmax(logits·scale).</summary>
    private static Tensor LogSoftmax(Tensor hidden, Tensor head, double scale)
    {
        using var scope = NewDisposeScope();
        var logits = LogitChunks.Logits(hidden, head);
        return (scale == 1 ? logits : logits.mul_(scale)).log_softmax(1).MoveToOuterDisposeScope();
    }

    private sealed record Reference(Tensor Hidden, Tensor Head);

    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        private const string PlanKey = "plan";

        public override string Name => nameof(ExactKl);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (hidden, head, plan, reference) = ((Tensor)vars[0], (Tensor)vars[1], (LikelihoodPlan)vars[2], (Reference)vars[3]);
            var divergence = empty([hidden.shape[0]], ScalarType.Float32, hidden.device);
            foreach (var (start, count) in LogitChunks.Of(hidden.shape[0], plan.ChunkRows))
            {
                using var scope = NewDisposeScope();
                var logProbs = LogSoftmax(hidden.narrow(0, start, count), head, plan.Scale);
                var difference = LogSoftmax(reference.Hidden.narrow(0, start, count), reference.Head, plan.Scale).neg_().add_(logProbs);
                divergence.narrow(0, start, count).copy_(logProbs.exp_().mul_(difference).sum(1));
            }

            if (plan.Learns)
            {
                using var copy = divergence.clone();
                ctx.save_for_backward([hidden, head, reference.Hidden, reference.Head, copy]);
                ctx.save_data(PlanKey, plan);
            }

            return divergence;
        }

        // ∂KL/∂l = p·(ln p − ln q − KL) for the scaled logits l.
        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var plan = (LikelihoodPlan)ctx.get_data(PlanKey);
            var saved = ctx.get_saved_variables();
            var (hidden, head, reference, referenceHead, divergence) = (saved[0], saved[1], saved[2], saved[3], saved[4]);
            var hiddenGradient = plan.HiddenLearns ? empty_like(hidden) : null;
            var headGradient = plan.HeadLearns ? zeros(head.shape, ScalarType.Float32, head.device) : null;
            foreach (var (start, count) in LogitChunks.Of(hidden.shape[0], plan.ChunkRows))
            {
                using var scope = NewDisposeScope();
                var part = hidden.narrow(0, start, count);
                var logProbs = LogSoftmax(part, head, plan.Scale);
                var inner = LogSoftmax(reference.narrow(0, start, count), referenceHead, plan.Scale).neg_().add_(logProbs).sub_(divergence.narrow(0, start, count).unsqueeze(1));
                var factor = grad_output.narrow(0, start, count).mul(plan.Scale).unsqueeze(1);
                var gradient = logProbs.exp_().mul_(inner).mul_(factor).to(hidden.dtype);
                hiddenGradient?.narrow(0, start, count).copy_(Accelerator.Product(gradient, head));
                if (headGradient is not null) LogitChunks.AddHeadGradient(headGradient, gradient, part);
            }

            return [hiddenGradient!, headGradient?.to(head.dtype)!];
        }
    }
}
