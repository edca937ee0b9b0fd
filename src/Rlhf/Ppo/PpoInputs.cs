using Rlhf.Foundation.Jobs;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Scorers;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>What a PPO run is given: the models it starts from, the scorer, and the prompts.</summary>
public sealed class PpoInputs
{
    public required PpoRecipe Recipe { get; init; }

    /// <summary>The policy, which the run trains in place.</summary>
    public required CausalLm Policy { get; init; }

    /// <summary>Another reference than the policy as it starts; the recipe's <c>reference.model</c> names it.</summary>
    public CausalLm? Reference { get; init; }

    /// <summary>What the policy is pulled to beside its score, or without one.</summary>
    public CausalLm? Teacher { get; init; }

    /// <summary>The critic's start where it is a reward model; the run trains it in place.</summary>
    public SeparateCritic? RewardModel { get; init; }

    public required TextTokenizer Tokenizer { get; init; }

    /// <summary>Null with algorithm distillation, which has none.</summary>
    public required IScorer? Scorer { get; init; }

    /// <summary>The score that is meant: logged, never learned from.</summary>
    public IScorer? Gold { get; init; }

    public required IReadOnlyList<Prompt> Prompts { get; init; }

    public required ulong Seed { get; init; }

    public required Device Device { get; init; }

    /// <summary>The processes that share the work.</summary>
    public Collective Job { get; init; } = Collective.Alone;
}
