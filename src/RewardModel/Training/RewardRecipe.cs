using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization.Chat;
using Rlhf.Policies.Training;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Rewards.Training;

/// <summary>What a reward model learns from.</summary>
public enum LearnFrom
{
    /// <summary>Preference pairs.</summary>
    Preferences,

    /// <summary>Texts with a label from 0 to 1.</summary>
    Labels,
}

/// <summary>How a reward model is trained.</summary>
[Describe("training of the reward model")]
public sealed record RewardRecipe : IChecked
{
    [Describe("folder of the model to start from, best the one that PPO will start from; empty: what the sft stage of this recipe left"), Input]
    public string Model { get; init; } = "";

    [Describe("file of the rows to learn from (.jsonl, .json, .gz, .parquet)"), Input]
    public string Data { get; init; } = "";

    [Describe("file of the rows to evaluate on; null: the held-out share of data"), Input]
    public string? EvalData { get; init; }

    [Describe("share of prompts that is held out for evaluation, by a hash of the prompt"), AtLeast(0), Below(1)]
    public double EvalShare { get; init; } = 0.1;

    [Describe("preferences (chosen and rejected replies) or labels (texts with a label)")]
    public LearnFrom LearnFrom { get; init; } = LearnFrom.Preferences;

    public ColumnNames Columns { get; init; } = new();

    [Describe("how dialogues are written out: plain, auto (the tokenizer's own), chatml, llama2 or zephyr"), ChatTemplateName]
    public string ChatTemplate { get; init; } = DialogueForms.PlainName;

    [Describe("what a defective row leads to: skip (counted and reported) or error")]
    public OnDefect OnDefect { get; init; } = OnDefect.Skip;

    [Describe("longest prompt and reply, in tokens"), AtLeast(2)]
    public int MaxLength { get; init; } = 512;

    [Describe("truncate (the prompt loses its beginning, then the reply) or drop what is longer")]
    public OverLong OverLong { get; init; } = OverLong.Truncate;

    [Describe("score heads on one trunk: an ensemble that costs next to nothing"), AtLeast(1), AtMost(64)]
    public int Heads { get; init; } = 1;

    [Describe("models trained with different seeds: an ensemble that costs as many trainings"), AtLeast(1), AtMost(64)]
    public int Seeds { get; init; } = 1;

    public NormalizationOptions Normalization { get; init; } = new();

    public EnsembleOptions Ensemble { get; init; } = new();

    public BradleyTerryOptions Loss { get; init; } = new();

    [Describe("passes over the data"), Above(0)]
    public double Epochs { get; init; } = 1;

    [Describe("pairs or texts in an optimizer step"), AtLeast(1)]
    public int BatchSize { get; init; } = 32;

    [Describe("tokens that go through the model at once; lower it when memory runs out, the numbers stay the same"), AtLeast(1), MayChangeOnResume]
    public int MicroBatchTokens { get; init; } = 16_384;

    [Describe("keep only what each layer starts from and compute the layer again in the backward pass: much less memory for about a third more time, the same numbers"), MayChangeOnResume]
    public bool GradientCheckpointing { get; init; }

    public LoraRecipe Lora { get; init; } = new();

    public OptimizerOptions Optimizer { get; init; } = new() { LearningRate = 5e-5, Schedule = Schedule.Linear, WarmupSteps = 10, WeightDecay = 0.01 };

    [Describe("steps between evaluations during training; 0: none, only the report at the end"), AtLeast(0)]
    public int EvalEvery { get; init; } = 50;

    [Describe("evaluations without a lower loss after which training stops and takes the best weights; 0: never"), AtLeast(0)]
    public int Patience { get; init; }

    public IEnumerable<Problem> Problems()
    {
        if (Data.Length == 0) yield return new Problem(nameof(Data), "found nothing; expected a data file");
        if (Patience > 0 && EvalEvery == 0) yield return new Problem(nameof(Patience), $"found {Patience} with eval_every 0; expected evaluations to judge by");
        if (LearnFrom == LearnFrom.Labels && Normalization is { Policy.Length: > 0, Prompts: null })
            yield return new Problem(nameof(Normalization), "found a policy without prompts; labelled texts have none, so expected normalization.prompts");
        if (Normalization is { Policy.Length: 0, Prompts: not null } && Model.Length > 0)
            yield return new Problem(nameof(Normalization), "found prompts without a policy; expected normalization.policy, the model that responds to them");
        if (EvalData is null && EvalShare == 0 && (Patience > 0 || EvalEvery > 0))
            yield return new Problem(nameof(EvalShare), "found 0 without eval_data; expected held-out rows to evaluate on, or eval_every: 0");
    }
}
