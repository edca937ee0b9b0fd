using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Training;

namespace Rlhf.Policies.Sft;

/// <summary>Which tokens of a row the loss counts.</summary>
public enum LossOn
{
    /// <summary>What the model has to produce: the completion, or the assistant's turns.</summary>
    Completion,
    /// <summary>Every token.</summary>
    All,
}

/// <summary>Which weights final/ gets.</summary>
public enum Kept
{
    /// <summary>Those of the last step.</summary>
    Last,
    /// <summary>Those of the lowest evaluation loss.</summary>
    Best,
}

/// <summary>The shape of a model that is trained from random weights.</summary>
public sealed record ModelShape : IChecked
{
    [Describe("width of the residual stream"), AtLeast(1)]
    public int Width { get; init; } = 128;

    [Describe("layers"), AtLeast(1)]
    public int Layers { get; init; } = 4;

    [Describe("attention heads"), AtLeast(1)]
    public int Heads { get; init; } = 4;

    [Describe("longest sequence"), AtLeast(2)]
    public int Context { get; init; } = 256;

    public IEnumerable<Problem> Problems()
    {
        if (Width % Heads != 0) yield return new Problem(nameof(Heads), $"found {Heads}; expected a divisor of width, which is {Width}");
    }
}

/// <summary>How a language model is trained on texts.</summary>
[Describe("supervised fine-tuning")]
public sealed record SftRecipe : IChecked
{
    [Describe("folder of the model to start from; empty: random weights in the shape of from_scratch"), Input]
    public string Model { get; init; } = "";

    [Describe("shape of a model that is trained from random weights; read where model is empty")]
    public ModelShape FromScratch { get; init; } = new();

    [Describe("folder of the tokenizer; empty: the model's, or what the tokenizer stage of this recipe left"), Input]
    public string Tokenizer { get; init; } = "";

    [Describe("file of the rows: {text}, {prompt, completion} or {messages} (.jsonl, .json, .gz, .parquet)"), Input]
    public string Data { get; init; } = "";

    [Describe("file of the rows to evaluate on; null: the held-out share of data"), Input]
    public string? EvalData { get; init; }

    [Describe("share of rows that is held out for evaluation"), AtLeast(0), Below(1)]
    public double EvalShare { get; init; } = 0.05;

    [Describe("what the loss counts: completion or all")]
    public LossOn LossOn { get; init; } = LossOn.Completion;

    [Describe("how messages are written out: auto (the tokenizer's own), chatml, llama2, zephyr or plain"), ChatTemplateName]
    public string ChatTemplate { get; init; } = "auto";

    [Describe("longest row in tokens; longer ones are cut"), AtLeast(2)]
    public int MaxLength { get; init; } = 512;

    [Describe("join short rows into rows of up to max_length tokens; batch_size then counts joined rows")]
    public bool Packing { get; init; }

    [Describe("passes over the data"), Above(0)]
    public double Epochs { get; init; } = 1;

    [Describe("rows in an optimizer step"), AtLeast(1)]
    public int BatchSize { get; init; } = 32;

    [Describe("tokens that go through the model at once; lower it when memory runs out, the numbers stay the same"), AtLeast(1), MayChangeOnResume]
    public int MicroBatchTokens { get; init; } = 16_384;

    [Describe("keep only what each layer starts from and compute the layer again in the backward pass: much less memory for about a third more time, the same numbers"), MayChangeOnResume]
    public bool GradientCheckpointing { get; init; }

    public LoraRecipe Lora { get; init; } = new();

    public OptimizerOptions Optimizer { get; init; } = new() { LearningRate = 1e-4, WarmupSteps = 20, WeightDecay = 0.01 };

    [Describe("steps between evaluations; 0: only at the end"), AtLeast(0)]
    public int EvalEvery { get; init; } = 100;

    [Describe("last, or best: the weights of the lowest eval_loss, which stand in best/ either way")]
    public Kept Keep { get; init; } = Kept.Last;

    [Describe("steps between samples in samples.jsonl; 0: never"), AtLeast(0), MayChangeOnResume]
    public int SampleEvery { get; init; } = 100;

    [Describe("held-out rows whose prompts are continued each time"), AtLeast(1), MayChangeOnResume]
    public int Samples { get; init; } = 4;

    [Describe("how samples are drawn")]
    public SamplingOptions Sampling { get; init; } = new();

    public IEnumerable<Problem> Problems()
    {
        if (Data.Length == 0) yield return new Problem(nameof(Data), "found nothing; expected a data file");
        if (Keep == Kept.Best && EvalData is null && EvalShare == 0) yield return new Problem(nameof(Keep), "found best without rows to evaluate on; expected eval_data, or an eval_share above 0");
        if (Lora.IsOn && Model.Length == 0) yield return new Problem(nameof(Lora), $"found rank {Lora.Rank} without a model; adapters go onto a trained one, expected rank 0 or a model");
    }
}
