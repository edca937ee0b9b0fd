using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Training;
using Rlhf.Rewards.Preferences;
using Rlhf.Rewards.Training;

namespace Rlhf.Dpo;

/// <summary>The section `dpo:` of a recipe: learning from preferences without a reward model.</summary>
[Describe("preference optimisation without a reward model")]
public sealed record DpoRecipe : IChecked
{
    [Describe("folder of the model to start from"), Input]
    public string Model { get; init; } = "";

    [Describe("folder of the reference; null: the model as it starts. It is asked once, before the first step"), Input]
    public string? Reference { get; init; }

    [Describe("file of preference pairs; for objective kto also of single replies, with columns prompt, completion and label (.jsonl, .json, .gz, .parquet)"), Input]
    public string Data { get; init; } = "";

    [Describe("file to evaluate on, like data; null: the held-out share of data"), Input]
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

    [Describe("sigmoid (DPO), ipo, kto (single replies), orpo or simpo (both without a reference)")]
    public DpoObjective Objective { get; init; } = DpoObjective.Sigmoid;

    [Describe("how much drift from the reference a preference is worth, smaller drifts further; the scale of simpo's rewards; orpo's weight of the odds. Empty: 0.1, with log_probs mean 5, with simpo 2"), Above(0)]
    public double? Beta { get; init; }

    [Describe("sum or mean of a reply's log-probs over its tokens; empty: mean for orpo and simpo, else sum")]
    public ReplyLogProb? LogProbs { get; init; }

    [Describe("weight of -ln pi of the chosen reply, per token, beside the preference: it keeps chosen replies from becoming unlikely too"), AtLeast(0)]
    public double ChosenLikelihood { get; init; }

    [Describe("simpo: by how much the chosen reply has to win; empty: half of beta"), AtLeast(0)]
    public double? TargetMargin { get; init; }

    [Describe("kto: weight of a desirable reply. Times their number it should be 1 to 4/3 times that of undesirable ones"), Above(0)]
    public double DesirableWeight { get; init; } = 1;

    [Describe("kto: weight of an undesirable reply"), Above(0)]
    public double UndesirableWeight { get; init; } = 1;

    [Describe("share of labels that are taken to be wrong (objective sigmoid)"), AtLeast(0), Below(0.5)]
    public double LabelSmoothing { get; init; }

    [Describe("passes over the data"), Above(0)]
    public double Epochs { get; init; } = 1;

    [Describe("pairs, or for kto replies, in an optimizer step"), AtLeast(1)]
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

    public IEnumerable<Problem> Problems() => DpoProblems.Of(this);
}
