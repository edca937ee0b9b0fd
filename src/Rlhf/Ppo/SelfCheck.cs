using Rlhf.Foundation;
using Rlhf.Foundation.Torch;
using Rlhf.Maths;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// Before the first step the trainer looks for what breaks RLHF silently, on the episodes it has just collected, and
/// refuses to train where it finds it.
/// </summary>
internal sealed class SelfCheck(LanguageActorCritic models, Reference reference, double tolerance)
{
    private const int Sample = 8;

    /// <summary>float32 sums in another order; TF32 keeps 11 bits of what is multiplied, bfloat16 8 of everything.</summary>
    public static double ToleranceOf(Device device, ScalarType type) => type != ScalarType.Float32 ? 0.25 : TensorFloat32.IsUsed(device, type) ? 0.03 : 1e-3;

    /// <param name="rollout">of the models as they start</param>
    /// <param name="startsFromReference">policy and reference are the same model so far</param>
    public void Run(Rollout rollout, bool startsFromReference)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        Refuse(SharedWeights(), "of the policy's weights change with the reference's: the reference must be a copy, or KL stays 0 for ever");
        Refuse(Off(rollout.DrawnLogProbs!, rollout.LogProbs, rollout.Mask),
            "tokens have another log-probability in a forward pass than when they were drawn (the ratio does not start at 1): check positions, temperature and dropout");
        Refuse(OffAlone(rollout), "tokens have another log-probability alone than in the batch: padding leaks into the model");
        if (startsFromReference)
            Refuse(Off(rollout.LogProbs, rollout.ReferenceLogProbs!, rollout.Mask),
                "tokens have another log-probability under the reference than under the policy, though both are the same model: KL does not start at 0");
    }

    private static void Refuse(long count, string what)
    {
        if (count > 0) throw new RlhfException($"self-check before step 0: {count} {what}");
    }

    private long Off(Tensor a, Tensor b, Tensor mask) =>
        (Masked.Keep(a - b, mask).abs() > Number.Of(tolerance)).sum().item<long>();

    private long OffAlone(Rollout rollout)
    {
        long off = 0;
        for (var row = 0; row < Math.Min(Sample, rollout.Count); row++)
        {
            using var scope = NewDisposeScope();
            var alone = models.Evaluate(rollout, [row]).LogProbs;
            var together = rollout.LogProbs[row].narrow(0, 0, rollout.Layout.Lengths[row]);
            off += ((alone - together).abs() > Number.Of(tolerance)).sum().item<long>();
        }

        return off;
    }

    /// <summary>
    /// Changes each weight of the policy for a moment and looks whether the reference's changes with it. Where the
    /// reference is the policy without adapters, nothing but the adapters may learn.
    /// </summary>
    private long SharedWeights()
    {
        if (reference.Model == models.Policy && models.Policy.Trunk.Adapter is { } adapter)
            return models.Policy.parameters().Count(weight => weight.requires_grad) - adapter.Parameters.Count();
        long shared = 0;
        foreach (var (mine, theirs) in models.Policy.parameters().Zip(reference.Model.parameters()))
        {
            using var scope = NewDisposeScope();
            var (saved, other) = (mine.detach().clone(), theirs.detach().clone());
            mine.Add(1);
            if (!theirs.eq(other).all().item<bool>()) shared++;
            mine.copy_(saved);
        }

        return shared;
    }
}
