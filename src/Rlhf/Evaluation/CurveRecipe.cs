using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Generation;
using Rlhf.Rewards.Scorers;

namespace Rlhf.Evaluation;

/// <summary>The section `curve:` of a recipe: how checkpoints are evaluated.</summary>
[Describe("the KL-versus-reward evaluation")]
public sealed record CurveRecipe : IChecked
{
    [Describe("folders of runs, or of pipelines that hold runs; empty: what the stages ppo and dpo of this recipe left"), Input]
    public IReadOnlyList<string> Runs { get; init; } = [];

    [Describe("file of the evaluation prompts; empty: the prompts the first run was trained on"), Input]
    public string Prompts { get; init; } = "";

    [Describe("so many of the prompts, from the first; 0: all")]
    [AtLeast(0)]
    public int MaxPrompts { get; init; } = 256;

    [Describe("responses to each prompt from each checkpoint")]
    [AtLeast(1)]
    public int Samples { get; init; } = 4;

    [Describe("responses to each prompt from the reference, for best-of-n up to this; 1: none")]
    [AtLeast(1)]
    public int BestOf { get; init; } = 16;

    [Describe("seed of the evaluation's random numbers; runs of other seeds are evaluated with the same")]
    [AtLeast(0)]
    public long Seed { get; init; } = 1;

    [Describe("how responses are drawn; empty: as the first run draws them")]
    public SamplingOptions? Sampling { get; init; }

    [Describe("folder of the policy that KL is measured from; empty: the first run's reference"), Input]
    public string Reference { get; init; } = "";

    [Describe("where proxy scores come from; empty: as the first run has them")]
    public ScoreOptions? Proxy { get; init; }

    [Describe("responses generated side by side")]
    [AtLeast(1)]
    [MayChangeOnResume]
    public int BatchSize { get; init; } = 256;

    [Describe("tokens, padding included, that go through a model at once when responses are judged; lower it when memory is short")]
    [AtLeast(1)]
    [MayChangeOnResume]
    public int MicroBatchTokens { get; init; } = 16384;

    [Describe("prompts of which samples.jsonl gets a response of each checkpoint beside the reference's")]
    [AtLeast(0)]
    public int Shown { get; init; } = 32;

    [Describe("where what was computed is kept, which several evaluations may share; empty: cache/ beside the results")]
    [MayChangeOnResume]
    public string Cache { get; init; } = "";

    public IEnumerable<Problem> Problems()
    {
        if (Sampling is { IsFullSoftmax: false })
            yield return new(nameof(Sampling), "found truncated or greedy sampling; the KL of a policy is estimated from samples of its full softmax");
    }
}
