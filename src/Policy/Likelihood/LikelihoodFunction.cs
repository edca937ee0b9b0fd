using Rlhf.Policies.Accelerators;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Likelihood;

/// <summary>
/// With l = logits/T, L = ln Σ eˡ, p = e^(l−L): ln π = l[target] − L and H = L − Σ p·l. Their gradients with respect to l
/// are onehot(target) − p and −p·(l − L + H).
/// </summary>
internal sealed class LikelihoodFunction : autograd.MultiTensorFunction<LikelihoodFunction>
{
    private const string PlanKey = "plan", KeptKey = "kept";

    public override string Name => nameof(LikelihoodFunction);

    public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (hidden, head, plan) = ((Tensor)vars[0], (Tensor)vars[1], (LikelihoodPlan)vars[2]);
        using var scope = NewDisposeScope();
        var rows = hidden.shape[0];
        var logProbs = Numbers(hidden);
        var saved = new List<Tensor> { hidden, head, plan.Targets, Numbers(hidden) };
        if (plan.HasEntropies) saved.Add(Numbers(hidden));
        var keeps = plan.Learns && rows <= plan.ChunkRows;
        foreach (var (start, count) in LogitChunks.Of(rows, plan.ChunkRows))
        {
            using var chunk = NewDisposeScope();
            var logits = LogitChunks.Logits(hidden.narrow(0, start, count), head);
            var (chosen, sums) = Accelerator.LogProb(logits, plan.Targets.narrow(0, start, count), plan.Scale);
            logProbs.narrow(0, start, count).copy_(chosen);
            saved[3].narrow(0, start, count).copy_(sums);
            if (plan.HasEntropies) saved[4].narrow(0, start, count).copy_(Entropy(logits, sums, plan.Scale));
            if (keeps) saved.Add(logits.MoveToOuterDisposeScope());
        }

        if (plan.Learns)
        {
            ctx.save_for_backward(saved);
            ctx.save_data(PlanKey, plan);
            ctx.save_data(KeptKey, keeps);
        }

        logProbs.MoveToOuterDisposeScope();
        return plan.HasEntropies ? [logProbs, saved[4].clone().MoveToOuterDisposeScope()] : [logProbs];
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
    {
        var plan = (LikelihoodPlan)ctx.get_data(PlanKey);
        var saved = ctx.get_saved_variables();
        var (hidden, head, targets, logSums) = (saved[0], saved[1], saved[2], saved[3]);
        // Kept logits are overwritten by their gradient, so they serve once.
        var kept = (bool)ctx.get_data(KeptKey) ? saved[^1] : null;
        ctx.save_data(KeptKey, false);
        var towardsLogProbs = grad_outputs[0] ?? zeros_like(logSums);
        var towardsEntropies = plan.HasEntropies ? grad_outputs[1] : null;

        var hiddenGradient = plan.HiddenLearns ? empty_like(hidden) : null;
        var headGradient = plan.HeadLearns ? zeros(head.shape, ScalarType.Float32, head.device) : null;
        foreach (var (start, count) in LogitChunks.Of(hidden.shape[0], plan.ChunkRows))
        {
            using var scope = NewDisposeScope();
            var part = hidden.narrow(0, start, count);
            var logits = kept ?? LogitChunks.Logits(part, head);
            var sums = logSums.narrow(0, start, count);
            var throughEntropies = towardsEntropies is null ? null
                : EntropyGradient(logits, sums, saved[4].narrow(0, start, count), towardsEntropies.narrow(0, start, count), plan.Scale);
            Accelerator.LogProbGradient(logits, targets.narrow(0, start, count), sums, towardsLogProbs.narrow(0, start, count), plan.Scale);
            if (throughEntropies is not null) logits.add_(throughEntropies);
            var gradient = logits.to(hidden.dtype);
            hiddenGradient?.narrow(0, start, count).copy_(Accelerator.Product(gradient, head));
            if (headGradient is not null) LogitChunks.AddHeadGradient(headGradient, gradient, part);
        }

        return [hiddenGradient!, headGradient?.to(head.dtype)!];
    }

    private static Tensor Numbers(Tensor hidden) => empty([hidden.shape[0]], ScalarType.Float32, hidden.device);

    // L − Σ p·l
    private static Tensor Entropy(Tensor logits, Tensor logSums, double scale)
    {
        var logProbs = logits.mul(scale).sub_(logSums.unsqueeze(1));
        return logProbs.exp().mul_(logProbs).sum(1).neg_();
    }

    // −g·p·(ln p + H)/T
    private static Tensor EntropyGradient(Tensor logits, Tensor logSums, Tensor entropies, Tensor towards, double scale)
    {
        var logProbs = logits.mul(scale).sub_(logSums.unsqueeze(1));
        return logProbs.exp().mul_(logProbs.add_(entropies.unsqueeze(1))).mul_(towards.mul(-scale).unsqueeze(1));
    }
}
