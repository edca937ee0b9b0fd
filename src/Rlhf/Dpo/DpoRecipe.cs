using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization.Chat;
using Rlhf.Policies.Training;
using Rlhf.Rewards.Preferences;
using Rlhf.Rewards.Training;

namespace Rlhf.Dpo;

/// <summary>The section `dpo:` of a recipe: learning from preference pairs without a reward model.</summary>
[Describe("direct preference optimisation")]
public sealed record DpoRecipe : IChecked
{
    [Describe("folder of the model to start from"), Input]
    public string Model { get; init; } = "";

    [Describe("folder of the reference; null: the model as it starts"), Input]
    public string? Reference { get; init; }

    [Describe("file of preference pairs (.jsonl, .json, .gz, .parquet)"), Input]
    public string Data { get; init; } = "";

    [Describe("file of pairs to evaluate on; null: the held-out share of data"), Input]
    public string? EvalData { get; init; }

    [Describe("share of prompts that is held out for evaluation, by a hash of the prompt"), AtLeast(0), Below(1)]
    public double EvalShare { get; init; } = 0.1;

    [Describe("what the columns of data are called")]
    public ColumnNames Columns { get; init; } = new();

    [Describe("how dialogues are written out: plain, auto (the tokenizer's own), chatml, llama2 or zephyr"), ChatTemplateName]
    public string ChatTemplate { get; init; } = DialogueForms.PlainName;

    [Describe("what a defective row leads to: skip (counted and reported) or error")]
    public OnDefect OnDefect { get; init; } = OnDefect.Skip;

    [Describe("longest prompt and reply, in tokens"), AtLeast(2)]
    public int MaxLength { get; init; } = 512;

    [Describe("truncate (the prompt loses its beginning) or drop what is longer")]
    public OverLong OverLong { get; init; } = OverLong.Truncate;

    [Describe("sigmoid (DPO) or ipo")]
    public DpoObjective Objective { get; init; } = DpoObjective.Sigmoid;

    [Describe("how much drift from the reference a preference is worth; smaller drifts further"), Above(0)]
    public double Beta { get; init; } = 0.1;

    [Describe("share of labels that are taken to be wrong (objective sigmoid)"), AtLeast(0), Below(0.5)]
    public double LabelSmoothing { get; init; }

    [Describe("passes over the data"), Above(0)]
    public double Epochs { get; init; } = 1;

    [Describe("pairs in an optimizer step"), AtLeast(1)]
    public int BatchSize { get; init; } = 32;

    [Describe("tokens that go through the model at once; lower it when memory runs out, the numbers stay the same"), AtLeast(1)]
    [MayChangeOnResume]
    public int MicroBatchTokens { get; init; } = 16384;

    [Describe("keep only what each layer starts from and compute the layer again in the backward pass: much less memory for about a third more time, the same numbers")]
    [MayChangeOnResume]
    public bool GradientCheckpointing { get; init; }

    public LoraRecipe Lora { get; init; } = new();

    [Describe("the optimizer; its schedule runs over all steps")]
    public OptimizerOptions Optimizer { get; init; } = new() { LearningRate = 5e-6, Schedule = Schedule.Linear, WarmupSteps = 10 };

    [Describe("steps between evaluations; 0: only at the end"), AtLeast(0)]
    public int EvalEvery { get; init; } = 50;

    public IEnumerable<Problem> Problems()
    {
        if (Objective == DpoObjective.Ipo && LabelSmoothing > 0)
            yield return new Problem(nameof(LabelSmoothing), $"found {LabelSmoothing} with objective ipo, which has none; expected 0");
    }
}
