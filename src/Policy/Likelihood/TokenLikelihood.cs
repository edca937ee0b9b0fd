using Rlhf.Foundation.Torch;
using Rlhf.Policies.Accelerators;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Likelihood;

/// <summary>
/// With l = logits/T, L = ln Σ eˡ, p = e^(l−L): ln π = l[target] − L and H = L − Σ p·l. Their gradients with respect to l
/// are onehot(target) − p and −p·(l − L + H).
/// </summary>
internal static class TokenLikelihood
{
    /// <summary>Log-probs [N], and entropies [N] where the plan asks for them.</summary>
    public static Tensor[] Of(Tensor hidden, Tensor head, LikelihoodPlan plan)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var rows = hidden.shape[0];
        Tensor logProbs = Numbers(hidden), logSums = Numbers(hidden);
        var entropies = plan.HasEntropies ? Numbers(hidden) : null;
        // Logits that one chunk holds are kept for the backward pass, which overwrites them by their gradient.
        var keeps = plan.Learns && rows <= plan.ChunkRows;
        Tensor? kept = null;
        foreach (var (start, count) in LogitChunks.Of(rows, plan.ChunkRows))
        {
            using var chunk = NewDisposeScope();
            var logits = LogitChunks.Logits(hidden.narrow(0, start, count), head);
            var (chosen, sums) = Accelerator.LogProb(logits, plan.Targets.narrow(0, start, count), plan.Scale);
            logProbs.narrow(0, start, count).copy_(chosen);
            logSums.narrow(0, start, count).copy_(sums);
            entropies?.narrow(0, start, count).copy_(Entropy(logits, sums, plan.Scale));
            if (keeps) kept = logits.DetachFromDisposeScope();
        }

        quiet.Dispose();
        Tensor[] values = entropies is null ? [logProbs] : [logProbs, entropies];
        var found = Autograd.Attach(values, [hidden, head], [hidden, head, plan.Targets, logSums, entropies?.clone()], (saved, towards) =>
        {
            // What is overwritten serves once.
            using var logits = kept;
            kept = null;
            return Gradients(saved, logits, towards, plan);
        });
        return [.. found.Select(value => value.MoveToOuterDisposeScope())];
    }

    private static Tensor?[] Gradients(IReadOnlyList<Tensor?> saved, Tensor? kept, IReadOnlyList<Tensor?> towards, LikelihoodPlan plan)
    {
        // The targets of the plan may be gone with their batch.
        var (hidden, head, targets, logSums, entropies) = (saved[0]!, saved[1]!, saved[2]!, saved[3]!, saved[4]);
        var towardsLogProbs = towards[0] ?? zeros_like(logSums);
        var towardsEntropies = plan.HasEntropies ? towards[1] : null;
        var gradients = new HiddenAndHead(hidden, head, plan);
        foreach (var (start, count) in LogitChunks.Of(hidden.shape[0], plan.ChunkRows))
        {
            using var scope = NewDisposeScope();
            var part = hidden.narrow(0, start, count);
            var logits = kept ?? LogitChunks.Logits(part, head);
            var sums = logSums.narrow(0, start, count);
            var throughEntropies = towardsEntropies is null ? null
                : EntropyGradient(logits, sums, entropies!.narrow(0, start, count), towardsEntropies.narrow(0, start, count), plan.Scale);
            Accelerator.LogProbGradient(logits, targets.narrow(0, start, count), sums, towardsLogProbs.narrow(0, start, count), plan.Scale);
            if (throughEntropies is not null) logits.Add(throughEntropies);
            gradients.Add(logits, start, count);
        }

        return gradients.Both;
    }

    private static Tensor Numbers(Tensor hidden) => empty([hidden.shape[0]], ScalarType.Float32, hidden.device);

    // L − Σ p·l
    private static Tensor Entropy(Tensor logits, Tensor logSums, double scale)
    {
        var logProbs = logits.mul(Number.Of(scale)).sub_(logSums.unsqueeze(1));
        return logProbs.exp().mul_(logProbs).sum(1).neg_();
    }

    // −g·p·(ln p + H)/T
    private static Tensor EntropyGradient(Tensor logits, Tensor logSums, Tensor entropies, Tensor towards, double scale)
    {
        var logProbs = logits.mul(Number.Of(scale)).sub_(logSums.unsqueeze(1));
        return logProbs.exp().mul_(logProbs.Add(entropies.unsqueeze(1))).mul_(towards.mul(Number.Of(-scale)).unsqueeze(1));
    }
}
