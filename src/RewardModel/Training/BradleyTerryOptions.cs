using Rlhf.Foundation.Recipes;

namespace Rlhf.Rewards.Training;

/// <summary>The loss of a reward model.</summary>
[Describe("the Bradley–Terry loss")]
public sealed record BradleyTerryOptions
{
    [Describe("the margin column is multiplied by this before it is asked of r⁺ − r⁻; 0 leaves it out"), AtLeast(0)]
    public double MarginWeight { get; init; } = 1;

    [Describe("c of c·mean((r⁺ + r⁻)²), which keeps scores around 0"), AtLeast(0)]
    public double Centering { get; init; } = 0.01;

    [Describe("share of labels taken to be wrong"), AtLeast(0), Below(0.5)]
    public double LabelSmoothing { get; init; }
}
