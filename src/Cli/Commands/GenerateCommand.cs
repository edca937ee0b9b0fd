using System.Text.Encodings.Web;
using System.Text.Json;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Foundation.Data;
using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf generate</c>: continues prompts; stdout holds the continuations and nothing else.</summary>
internal static class GenerateCommand
{
    /// <summary>Responses that are held in memory at once.</summary>
    private const int PartSize = 1024;

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create() => Command.For<GenerateRecipe>("generate", "Continues prompts with a model.", Run, Foresee, recipe => new MemoryAdvice("batch_size", recipe.BatchSize, 1).Afterwards) with
    {
        Positionals = ["model"],
        Examples = ["rlhf generate model=models/stories15M prompt=\"Once upon a time\" temperature=0", "rlhf generate runs/demo/ppo/final prompts=prompts.jsonl --json"],
    };

    private static int Run(GenerateRecipe recipe, CommandContext context)
    {
        Check(recipe, context);
        var prompts = recipe.Prompt is { } only ? [only] : RowReader.Read(recipe.Prompts!).Select(row => row.Text("prompt")).ToArray();
        var tokenizer = TextTokenizer.Load(recipe.Model);
        using var model = ModelFolder.Load(recipe.Model, Machine.Open(recipe.Device));
        tokenizer.WantFit(model.Config.Vocabulary);
        var generator = new TextGenerator(model, tokenizer.Eos ?? model.Config.Eos, tokenizer.PadOrEos, tokenizer) { BatchSize = recipe.BatchSize };
        int[][] asked = [.. prompts.Select(prompt => tokenizer.EncodeWithSpecials(prompt))];
        generator.WantRoom(asked);
        var keys = from prompt in Enumerable.Range(0, asked.Length) from sample in Enumerable.Range(0, recipe.Samples) select new RandomKey((ulong)recipe.Seed, 0, prompt, sample);
        foreach (var part in keys.Chunk(Math.Max(PartSize, recipe.BatchSize)))
        foreach (var (key, completion) in part.Zip(InTurn(generator.Stream([.. part.Select(key => asked[key.Prompt])], recipe.Sampling(), part))))
        {
            context.Output.WriteLine(context.Format != OutputFormat.Json ? completion.Text : JsonSerializer.Serialize(
                new { prompt = prompts[key.Prompt], sample = key.Sample, completion = completion.Text, reason = KeyNames.Snake(completion.Reason.ToString()), tokens = completion.Tokens, log_probs = completion.LogProbs }, Plain));
        }

        return 0;
    }

    /// <summary>In the order they were asked for, each as soon as those before it are there.</summary>
    private static IEnumerable<Completion> InTurn(IEnumerable<(int Index, Completion Completion)> found)
    {
        var early = new Dictionary<int, Completion>();
        var next = 0;
        foreach (var (index, completion) in found)
        {
            early.Add(index, completion);
            for (; early.Remove(next, out var turn); next++) yield return turn;
        }
    }

    private static void Foresee(GenerateRecipe recipe, CommandContext context)
    {
        Check(recipe, context);
        Stage.WantFit(recipe.Model, ModelFolder.ReadConfig(recipe.Model));
    }

    private static void Check(GenerateRecipe recipe, CommandContext context)
    {
        Stage.WantFolder(recipe.Model, "model");
        if (recipe.Prompts is { } file) Stage.WantFile(file, "prompts");
    }
}

internal sealed record GenerateRecipe : IChecked
{
    [Describe("folder of the model")]
    public string Model { get; init; } = "";

    [Describe("a prompt")]
    public string? Prompt { get; init; }

    [Describe("file of rows with a column prompt")]
    public string? Prompts { get; init; }

    [Describe("continuations of each prompt"), AtLeast(1)]
    public int Samples { get; init; } = 1;

    [Describe("logits are divided by this; 0 takes the likeliest token"), AtLeast(0)]
    public double Temperature { get; init; } = 1;

    [Describe("draw from this many of the likeliest tokens; 0: from all"), AtLeast(0)]
    public int TopK { get; init; }

    [Describe("draw from the fewest likeliest tokens that have this probability together; 1: from all"), Above(0), AtMost(1)]
    public double TopP { get; init; } = 1;

    [Describe("the response has this many tokens before one that ends it"), AtLeast(0)]
    public int MinNewTokens { get; init; }

    [Describe("the response is cut off after this many tokens"), AtLeast(1)]
    public int MaxNewTokens { get; init; } = 64;

    [Describe("above 1, tokens that were there before get less likely"), Above(0)]
    public double RepetitionPenalty { get; init; } = 1;

    [Describe("texts that end the response; they are not part of its text")]
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    [Describe("prompts side by side"), AtLeast(1)]
    public int BatchSize { get; init; } = 64;

    [Describe("seed of everything random"), AtLeast(0)]
    public long Seed { get; init; } = 1;

    [Describe("auto, cpu, cuda or cuda:N")]
    public string Device { get; init; } = "auto";

    /// <summary>The keys above as the generator takes them.</summary>
    public SamplingOptions Sampling() => new()
    {
        Temperature = Temperature, TopK = TopK, TopP = TopP, MinNewTokens = MinNewTokens, MaxNewTokens = MaxNewTokens, RepetitionPenalty = RepetitionPenalty, StopStrings = StopStrings,
    };

    public IEnumerable<Problem> Problems()
    {
        foreach (var problem in Sampling().Problems()) yield return problem;
        if (Model.Length == 0) yield return new Problem(nameof(Model), "found nothing; expected the folder of a model");
        if ((Prompt is null) == (Prompts is null)) yield return new Problem(nameof(Prompt), "expected either a prompt or a file of prompts");
    }
}
