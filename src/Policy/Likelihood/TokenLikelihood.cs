using Rlhf.Foundation.Torch;
using Rlhf.Policies.Operators;
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
        if (KernelLikelihood.Serves(hidden, head)) return KernelLikelihood.Of(hidden, head, plan);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var rows = hidden.shape[0];
        var logProbs = Numbers(hidden);
        var entropies = plan.HasEntropies ? Numbers(hidden) : null;
        // Logits that one chunk holds are kept for the backward pass.
        var keeps = plan.Learns && rows <= plan.ChunkRows;
        Tensor? kept = null;
        foreach (var (start, count) in LogitChunks.Of(rows, plan.ChunkRows))
        {
            using var chunk = NewDisposeScope();
            var logits = LogitChunks.Logits(hidden.narrow(0, start, count), head);
            var all = Softmax.LogSoftmax(logits, plan.Scale);
            logProbs.narrow(0, start, count).copy_(Softmax.Chosen(all, plan.Targets.narrow(0, start, count)));
            entropies?.narrow(0, start, count).copy_(Softmax.Entropy(all));
            if (keeps) kept = logits.DetachFromDisposeScope();
        }

        quiet.Dispose();
        Tensor[] values = entropies is null ? [logProbs] : [logProbs, entropies];
        var found = Autograd.Attach(values, [hidden, head], [hidden, head, plan.Targets, logProbs.clone(), entropies?.clone()], (saved, towards) =>
        {
            using var logits = kept; // serves once
            kept = null;
            return Gradients(saved, logits, towards, plan);
        });
        return [.. found.Select(value => value.MoveToOuterDisposeScope())];
    }

    private static Tensor?[] Gradients(IReadOnlyList<Tensor?> saved, Tensor? kept, IReadOnlyList<Tensor?> towards, LikelihoodPlan plan)
    {
        // The targets of the plan may be gone with their batch.
        var (hidden, head, targets, logProbs, entropies) = (saved[0]!, saved[1]!, saved[2]!, saved[3]!, saved[4]);
        var towardsLogProbs = towards[0] ?? zeros_like(logProbs);
        var towardsEntropies = plan.HasEntropies ? towards[1] : null;
        var gradients = new HiddenAndHead(hidden, head, plan);
        foreach (var (start, count) in LogitChunks.Of(hidden.shape[0], plan.ChunkRows))
        {
            using var scope = NewDisposeScope();
            var part = hidden.narrow(0, start, count);
            var logits = kept ?? LogitChunks.Logits(part, head);
            Tensor Part(Tensor numbers) => numbers.narrow(0, start, count);
            var factors = Part(towardsLogProbs).mul(Number.Of(-plan.Scale));
            var off = Softmax.OffTarget(logits, Part(targets), Part(logProbs), plan.Scale);
            if (towardsEntropies is null)
            {
                gradients.Add(off, factors, start, count);
            }
            else
            {
                var through = EntropyGradient(Softmax.LogSoftmax(logits, plan.Scale), Part(entropies!), Part(towardsEntropies), plan.Scale);
                gradients.Add(off.to(ScalarType.Float32).mul(factors.unsqueeze(1)).Add(through), null, start, count);
            }
        }

        return gradients.Both;
    }

    private static Tensor Numbers(Tensor hidden) => empty([hidden.shape[0]], ScalarType.Float32, hidden.device);

    // −g·p·(ln p + H)/T
    private static Tensor EntropyGradient(Tensor logSoftmax, Tensor entropies, Tensor towards, double scale) =>
        logSoftmax.exp().mul_(logSoftmax.Plus(entropies.unsqueeze(1))).mul_(towards.mul(Number.Of(-scale)).unsqueeze(1));
}
