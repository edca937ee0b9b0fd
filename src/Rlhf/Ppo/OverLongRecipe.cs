using Rlhf.Foundation.Recipes;

namespace Rlhf.Ppo;

/// <summary>What a response pays for coming close to where it would be cut off.</summary>
public sealed record OverLongRecipe
{
    [Describe("tokens before max_new_tokens over which the price rises from nothing to amount; 0: no price")]
    [AtLeast(0)]
    public int Window { get; init; }

    [Describe("what a response of max_new_tokens pays, taken off its score")]
    [Above(0)]
    public double Amount { get; init; } = 1;
}
