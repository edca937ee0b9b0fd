using Rlhf.Foundation.Recipes;
using Rlhf.Maths;

namespace Rlhf.Ppo;

/// <summary>Importance weights for tokens whose sampler and trainer disagree. Off by default: here both are one model.</summary>
public sealed record SamplerCorrectionRecipe
{
    [Describe("none; truncate: a token's policy loss is weighted by the ratio of the two, up to limit; mask: it is left out where the ratio is beyond limit or below 1/limit")]
    public SamplerCorrectionKind Kind { get; init; } = SamplerCorrectionKind.None;

    [Describe("the largest ratio that counts")]
    [AtLeast(1)]
    public double Limit { get; init; } = 2;
}
