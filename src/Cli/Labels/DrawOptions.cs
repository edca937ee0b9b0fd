using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Generation;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Cli.Labels;

/// <summary>How pairs to label are drawn from a policy.</summary>
[Describe("pairs drawn from a policy, where the file of pairs is not there yet")]
internal sealed record DrawOptions : IChecked
{
    [Describe("folder of the policy"), Input]
    public string Policy { get; init; } = "";

    [Describe("folder of the policy that the second responses are drawn from; null: the same"), Input]
    public string? Against { get; init; }

    [Describe("file of prompts (.jsonl, .json, .gz, .parquet)"), Input]
    public string Prompts { get; init; } = "";

    [Describe("how many pairs"), AtLeast(1)]
    public int Count { get; init; } = 200;

    [Describe("so many of the prompts are passed over first"), AtLeast(0)]
    public int Skip { get; init; }

    [Describe("folder of a reward model of several heads or members: of more pairs those are kept on which they disagree most; null: pairs as they come"), Input]
    public string? Ensemble { get; init; }

    [Describe("with ensemble: how many pairs are drawn for each that is kept"), AtLeast(1)]
    public int Candidates { get; init; } = 4;

    [Describe("how responses are drawn")]
    public SamplingOptions Sampling { get; init; } = new();

    [Describe("what the columns of prompts are called")]
    public ColumnNames Columns { get; init; } = new();

    [Describe("how dialogues are written out: plain, auto (the tokenizer's own), chatml, llama2 or zephyr")]
    public string ChatTemplate { get; init; } = DialogueForms.PlainName;

    [Describe("seed of everything random"), AtLeast(0)]
    public long Seed { get; init; } = 1;

    [Describe("responses generated side by side"), AtLeast(1)]
    public int BatchSize { get; init; } = 64;

    [Describe("auto, cpu, cuda or cuda:N")]
    public string Device { get; init; } = "auto";

    public IEnumerable<Problem> Problems()
    {
        if (Policy.Length == 0) yield return new Problem(nameof(Policy), "found nothing; expected the folder of a policy");
        if (Prompts.Length == 0) yield return new Problem(nameof(Prompts), "found nothing; expected a file of prompts");
        if (Sampling.Greedy && Against is null) yield return new Problem(nameof(Sampling), "found temperature 0, which gives the same response twice; expected above 0");
    }
}
