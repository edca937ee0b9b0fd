using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Training;

namespace Rlhf.Ppo;

/// <summary>The value function. Read by `algorithm: ppo` alone; the others have none.</summary>
public sealed record CriticRecipe
{
    [Describe("reward_model: own transformer started from it; policy: own transformer started from the policy; value_head: a head on the policy's trunk")]
    public CriticKind Kind { get; init; } = CriticKind.RewardModel;

    [Describe("weight of the value loss in the total")]
    [AtLeast(0)]
    public double Coefficient { get; init; } = 0.1;

    [Describe("how far a value may move in one update; 0: as far as it likes")]
    [AtLeast(0)]
    public double Clip { get; init; } = 0.2;

    [Describe("steps at the start in which the critic learns and the policy stands still")]
    [AtLeast(0)]
    public int WarmupSteps { get; init; }

    [Describe("the critic's optimizer; its schedule runs over steps")]
    public OptimizerOptions Optimizer { get; init; } = new() { LearningRate = 1e-4, Schedule = Schedule.Linear };
}
