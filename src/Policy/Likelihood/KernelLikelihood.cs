using Rlhf.Foundation.Torch;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Kernels;
using static TorchSharp.torch;

namespace Rlhf.Policies.Likelihood;

/// <summary>The likelihoods of tokens in kernels, where <see cref="KernelRule"/> says so.</summary>
internal static unsafe class KernelLikelihood
{
    public static bool Serves(Tensor hidden, Tensor head) => KernelRule.ServesModel(hidden) && KernelRule.ServesModel(head) && head.is_contiguous();

    /// <summary>Log-probs [N], and entropies [N] where the plan asks for them.</summary>
    public static Tensor[] Of(Tensor hidden, Tensor head, LikelihoodPlan plan)
    {
        using var scope = NewDisposeScope();
        hidden = hidden.contiguous();
        var count = hidden.shape[0];
        Tensor logProbs = Numbers(count), logSums = Numbers(count), targets = Known(plan.Targets, head);
        var entropies = plan.HasEntropies ? Numbers(count) : null;
        var rows = Rows(hidden, head, backward: plan.Learns && plan.HiddenLearns);
        // Logits that one chunk holds are kept for the backward pass, which puts their gradient in their place.
        var kept = plan.Learns && count > 0 && count <= plan.ChunkRows ? new HeadBackward(rows, plan.ChunkRows) : null;
        Threads.Share(rows.Blocks, new HeadForward(
            rows, (float)plan.Scale, targets.Longs(), logProbs.Floats(), logSums.Floats(), entropies is null ? null : entropies.Floats(), kept is null ? default : (kept.Logits, kept.Hidden)));
        Tensor[] values = entropies is null ? [logProbs] : [logProbs, entropies];
        if (!plan.Learns) return Array.ConvertAll(values, value => value.MoveToOuterDisposeScope());
        var packed = rows.Head;
        var found = Autograd.Attach(values, [hidden, head], [hidden, head, targets, logProbs.clone(), logSums, entropies?.clone()], (saved, towards) =>
        {
            var mine = Interlocked.Exchange(ref kept, null);
            using var pass = mine ?? new HeadBackward(new LogitRows(saved[0]!, packed.Take(saved[1]!, plan.HiddenLearns)), plan.ChunkRows);
            return Gradients(pass, mine is not null, saved, towards, plan);
        });
        return Array.ConvertAll(found, value => value.MoveToOuterDisposeScope());
    }

    /// <summary>−Σ w·ln π(target), and its gradients.</summary>
    public static (Tensor Loss, Tensor?[] Gradients) Loss(Tensor hidden, Tensor head, Tensor weights, LikelihoodPlan plan)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        hidden = hidden.contiguous();
        Tensor logProbs = Numbers(hidden.shape[0]), targets = Known(plan.Targets, head), given = weights.contiguous();
        var rows = Rows(hidden, head, plan.HiddenLearns);
        var gradients = New(hidden, head, plan);
        if (plan.Learns)
        {
            using var pass = new HeadBackward(rows, plan.ChunkRows);
            pass.Run(new LossGradient(targets.Longs(), given.Floats(), logProbs.Floats(), rows.Head.Vocabulary), areMade: false, gradients[0], gradients[1]);
        }
        else
        {
            Threads.Share(rows.Blocks, new HeadForward(rows, 1, targets.Longs(), logProbs.Floats(), null, null, default));
        }

        return (logProbs.dot(given).neg().MoveToOuterDisposeScope(), Given(gradients, hidden, head));
    }

    /// <summary>What is recorded of a policy and its reference; see <see cref="PolicyComparison"/>.</summary>
    public static void Compare(Tensor hidden, Tensor head, Tensor reference, Tensor referenceHead, Tensor targets, double temperature, PolicyComparison found)
    {
        using var scope = NewDisposeScope();
        Tensor mine = hidden.contiguous(), other = reference.contiguous(), chosen = Known(targets, head);
        LogitRows rows = Rows(mine, head, backward: false), others = Rows(other, referenceHead, backward: false);
        Threads.Share(rows.Blocks, new HeadComparison(rows, others, (float)(1 / temperature), new HeadComparison.Results
        {
            Divergences = found.Kl.Floats(), Targets = chosen.Longs(), LogProbs = found.LogProbs.Floats(), OtherLogProbs = found.ReferenceLogProbs.Floats(), Entropies = found.Entropies.Floats(),
        }));
    }

    /// <summary>KL(π‖ρ) [N], with gradients for π.</summary>
    public static Tensor Divergence(Tensor hidden, Tensor head, Tensor reference, Tensor referenceHead, LikelihoodPlan plan)
    {
        using var scope = NewDisposeScope();
        hidden = hidden.contiguous();
        reference = reference.contiguous();
        var count = hidden.shape[0];
        Tensor divergences = Numbers(count), logSums = Numbers(count), otherLogSums = Numbers(count);
        LogitRows rows = Rows(hidden, head, backward: false), others = Rows(reference, referenceHead, backward: false);
        Threads.Share(rows.Blocks, new HeadComparison(rows, others, (float)plan.Scale, new HeadComparison.Results { Divergences = divergences.Floats(), LogSums = logSums.Floats(), OtherLogSums = otherLogSums.Floats() }));
        var (packed, otherPacked) = (rows.Head, others.Head);
        return Autograd.Attach(divergences, [hidden, head], [hidden, head, reference, referenceHead, divergences.clone(), logSums, otherLogSums], (saved, towards) =>
        {
            using var inner = NewDisposeScope();
            LogitRows mine = new(saved[0]!, packed.Take(saved[1]!, plan.HiddenLearns)), references = new(saved[2]!, otherPacked.Take(saved[3]!, backward: false));
            using var pass = new HeadBackward(mine, plan.ChunkRows);
            var factors = towards.mul(Number.Of(plan.Scale)).contiguous();
            var gradients = New(saved[0]!, saved[1]!, plan);
            var of = new DivergenceGradient(references, mine.Head.Vocabulary, (float)plan.Scale, saved[5]!.Floats(), saved[6]!.Floats(), saved[4]!.Floats(), factors.Floats());
            pass.Run(of, areMade: false, gradients[0], gradients[1]);
            return Given(gradients, saved[0]!, saved[1]!);
        }).MoveToOuterDisposeScope();
    }

    private static Tensor?[] Gradients(HeadBackward pass, bool areMade, IReadOnlyList<Tensor?> saved, IReadOnlyList<Tensor?> towards, LikelihoodPlan plan)
    {
        using var scope = NewDisposeScope();
        Tensor targets = saved[2]!, logProbs = saved[3]!, logSums = saved[4]!, given = towards[0]?.contiguous() ?? zeros_like(saved[3]!);
        var givenEntropies = plan.HasEntropies ? towards[1]?.contiguous() : null;
        var gradients = New(saved[0]!, saved[1]!, plan);
        var of = new LikelihoodGradient(
            targets.Longs(), logProbs.Floats(), logSums.Floats(), given.Floats(), givenEntropies is null ? null : saved[5]!.Floats(), givenEntropies is null ? null : givenEntropies.Floats(),
            (int)saved[1]!.shape[0], (float)plan.Scale);
        pass.Run(of, areMade, gradients[0], gradients[1]);
        return Given(gradients, saved[0]!, saved[1]!);
    }

    // Room for the gradients of what learns.
    private static Tensor?[] New(Tensor hidden, Tensor head, LikelihoodPlan plan) =>
        [plan.HiddenLearns ? empty(hidden.shape, ScalarType.Float32, CPU) : null, plan.HeadLearns ? hidden.shape[0] == 0 ? zeros(head.shape, ScalarType.Float32, CPU) : empty(head.shape, ScalarType.Float32, CPU) : null];

    // In the types of what they are gradients of.
    private static Tensor?[] Given(Tensor?[] gradients, Tensor hidden, Tensor head) =>
        [gradients[0]?.to(hidden.dtype).MoveToOuterDisposeScope(), gradients[1]?.to(head.dtype).MoveToOuterDisposeScope()];

    // None of them beyond the head's rows, where kernels would read and write.
    private static Tensor Known(Tensor targets, Tensor head)
    {
        targets = targets.contiguous();
        var of = targets.Longs();
        for (var (i, count) = (0L, targets.numel()); i < count; i++) TokenIds.Want(of[i], head.shape[0]);
        return targets;
    }

    private static LogitRows Rows(Tensor hidden, Tensor head, bool backward) => new(hidden, PackedHead.Of(head, backward));

    private static Tensor Numbers(long count) => empty([count], ScalarType.Float32, CPU);
}
