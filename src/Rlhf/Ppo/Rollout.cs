using Rlhf.Maths;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// What one step learns from: B episodes and, for each of their T response tokens, what policy, reference and critic
/// made of it when it was drawn. Tensors are [B,T], 0 outside <see cref="Trajectories.Mask"/>.
/// </summary>
internal sealed class Rollout(IReadOnlyList<Episode> episodes, TokenLayout layout) : Trajectories(layout)
{
    public IReadOnlyList<Episode> Episodes { get; } = episodes;

    /// <summary>What the scorer said of each episode.</summary>
    public required double[] RawScores { get; init; }

    /// <summary>What the terms of the score say, where it has several.</summary>
    public IReadOnlyList<ScoreTerm> Terms { get; init; } = [];

    /// <summary>What the score that is meant says of each; null where there is none.</summary>
    public double[]? GoldScores { get; init; }

    /// <summary>[B] the scores as rewards: scaled, clipped, and after the missing-EOS rule</summary>
    public required Tensor Scores { get; init; }

    /// <summary>What scores were divided by, where the recipe scales them; 0: nothing, as long as all of them were the same.</summary>
    public double ScoreDeviation { get; init; }

    /// <summary>Groups that were given up because all their episodes scored the same; others stand in their place.</summary>
    public int RedrawnGroups { get; init; }

    /// <summary>[B,T] Σ_v π(v)(ln π(v) − ln ρ(v)) in the state each token was drawn in</summary>
    public required Tensor ExactKl { get; init; }

    /// <summary>[B,T] entropy of the distribution each token was drawn from</summary>
    public required Tensor Entropy { get; init; }

    /// <summary>[B,T] Σ_v π(v)(ln π(v) − ln τ(v)) in the state each token was drawn in; null without a teacher</summary>
    public Tensor? TeacherKl { get; init; }

    /// <summary>[B,T] the share of τ on tokens that the policy does not have; null without a teacher</summary>
    public Tensor? TeacherOutside { get; init; }

    /// <summary>[B] Σ_t (ln π − ln ρ) of each episode</summary>
    public Tensor SequenceKl() => Masked.RowSum(KlEstimators.K1(LogProbs, ReferenceLogProbs!), Mask);

    /// <summary>Its mean over episodes: what β is steered by.</summary>
    public double MeanSequenceKl()
    {
        using var scope = NewDisposeScope();
        return SequenceKl().mean().item<float>();
    }

    /// <summary>Entropy per token: what the weight of its bonus is steered by.</summary>
    public double MeanEntropy()
    {
        using var scope = NewDisposeScope();
        return Masked.Mean(Entropy, Mask).item<float>();
    }

    public override int Cost(int row) => Episodes[row].Cost;
}
