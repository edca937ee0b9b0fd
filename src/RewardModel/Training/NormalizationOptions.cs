using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Generation;

namespace Rlhf.Rewards.Training;

/// <summary>The texts on which scores get mean 0 and deviation 1.</summary>
[Describe("the reference samples on which scores get mean 0 and deviation 1")]
public sealed record NormalizationOptions : IChecked
{
    [Describe("folder of the policy that writes them, best the one that PPO will start from; empty: the model that the sft stage of this recipe left, where the reward model starts from it too, else held-out texts are scored"), Input]
    public string Policy { get; init; } = "";

    [Describe("file of the prompts it responds to; null: those of the held-out pairs"), Input]
    public string? Prompts { get; init; }

    [Describe("how many texts are scored"), AtLeast(2)]
    public int Samples { get; init; } = 512;

    [Describe("how the policy responds, best as in PPO")]
    public SamplingOptions Sampling { get; init; } = new();

    public IEnumerable<Problem> Problems()
    {
        if (Sampling.Greedy && Policy.Length > 0)
            yield return new Problem(nameof(Sampling), "found temperature 0, which gives every sample of a prompt the same text; expected a temperature above 0");
    }
}
