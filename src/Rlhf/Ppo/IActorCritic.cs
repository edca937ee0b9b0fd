using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// What the update asks of the models: how likely the tokens of some episodes are under the weights as they stand, and
/// what the critic makes of the states they were chosen in. Language models answer it, and so do the small models of
/// the benchmarks and tests, which share everything else with them.
/// </summary>
public interface IActorCritic<in TBatch>
    where TBatch : Trajectories
{
    /// <summary>With gradients where gradients are on; N tokens, row after row, as <see cref="Trajectories.Layout"/> counts them.</summary>
    TokenEvaluation Evaluate(TBatch batch, IReadOnlyList<int> rows);
}

/// <summary>The current models' view of N tokens.</summary>
public sealed class TokenEvaluation
{
    /// <summary>[N] ln π of the token</summary>
    public required Tensor LogProbs { get; init; }

    /// <summary>[N] entropy of the distribution it was drawn from; null where nothing rewards it</summary>
    public Tensor? Entropy { get; init; }

    /// <summary>[N] V of the state; null without a critic</summary>
    public Tensor? Values { get; init; }

    /// <summary>[N] Σ_v π(ln π − ln τ) with gradients; null where no teacher's distribution is learnt from whole</summary>
    public Tensor? TeacherKl { get; init; }
}
