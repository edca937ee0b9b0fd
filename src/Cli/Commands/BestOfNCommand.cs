using System.Text.Json;
using System.Text.Json.Serialization;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Evaluation;
using Rlhf.Foundation.Data;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;
using Rlhf.Ppo;
using Rlhf.Rewards.Preferences;
using Rlhf.Rewards.Scorers;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf best-of-n</c>: answers prompts with the best of n samples; the rows are what <c>rlhf sft</c> reads, or pairs for <c>rlhf dpo</c>.</summary>
internal static class BestOfNCommand
{
    /// <summary>Prompts whose samples are held in memory at once.</summary>
    private const int PartSize = 64;

    public static Command Create() => Command.For<BestOfNRecipe>("best-of-n", "Answers prompts with the best of n samples, as text or as data for further SFT or DPO.", Run, Foresee, recipe => new MemoryAdvice("batch_size", recipe.BatchSize, 1).Afterwards) with
    {
        Positionals = ["model", "prompts"],
        Examples =
        [
            "rlhf best-of-n runs/demo/sft/final prompt=\"How was the red kite?\" n=8 score.reward_model.path=runs/demo/reward/final",
            "rlhf best-of-n runs/demo/sft/final data/world/prompts.train.parquet n=16 to=best.parquet score.reward_model.path=runs/demo/reward/final",
            "rlhf best-of-n runs/demo/sft/final data/world/prompts.train.parquet n=4 to=pairs.parquet pairs=true score.reward_model.path=runs/demo/reward/final",
        ],
    };

    private static int Run(BestOfNRecipe recipe, CommandContext context)
    {
        Check(recipe, context);
        var device = Machine.Open(recipe.Device);
        var tokenizer = TextTokenizer.Load(recipe.Model);
        using var model = ModelFolder.Load(recipe.Model, device);
        tokenizer.WantFit(model.Config.Vocabulary);
        var scorer = new ScorerFactory(tokenizer, recipe.Model, device, model.HeadWeight.dtype).Create(recipe.Score, "score");
        var reading = new PpoRecipe { Columns = recipe.Columns, ChatTemplate = recipe.ChatTemplate, OnDefect = recipe.OnDefect, MaxPromptTokens = model.Config.Context - 1 };
        var prompts = recipe.Prompt is { } only ? PromptFile.Single(only, tokenizer) : PromptFile.Read(recipe.Prompts, "prompts", reading, tokenizer, context, recipe.Score);
        var generator = new TextGenerator(model, tokenizer.Eos ?? model.Config.Eos, tokenizer.PadOrEos, tokenizer) { BatchSize = recipe.BatchSize };
        using var writer = recipe.To is { } to ? RowWriter.Create(to) : null;
        var (cut, alike) = (0, 0);
        context.Progress.Begin("best-of-n", prompts.Length, 0);
        foreach (var part in prompts.Chunk(PartSize))
        {
            foreach (var best in Best(recipe, part, generator, scorer))
            {
                if (writer is null) Say(best, context);
                else if (recipe.OnlyEnded && !best.Ended) cut++;
                else if (!recipe.Pairs) writer.Write(Row.Of(recipe.To!, writer.Count + 1, ("prompt", best.Prompt), ("completion", best.Completion), ("score", best.Score), ("mean_score", best.MeanScore)));
                else if (best.Worst is { } worst) writer.Write(Row.Of(recipe.To!, writer.Count + 1, ("prompt", best.Prompt), ("chosen", best.Completion), ("rejected", worst.Completion), ("margin", best.Score - worst.Score)));
                else alike++;
            }

            context.Progress.Advance(Math.Min(prompts.Length, Array.IndexOf(prompts, part[^1]) + 1), new Dictionary<string, double>());
        }

        context.Progress.End();
        if (writer is null) return 0;
        writer.Commit();
        if (cut > 0) context.Progress.Warn($"{cut} of {prompts.Length} best responses were cut off at {recipe.Sampling.MaxNewTokens} tokens and left out; only_ended=false keeps them");
        if (alike > 0) context.Progress.Warn($"{alike} of {prompts.Length} prompts had no worse response and were left out; raise n");
        context.Progress.Note($"best-of-n: {writer.Count} rows in {recipe.To}; KL {BestOfN.Kl(recipe.N):0.00} nats from {recipe.Model}");
        return 0;
    }

    private static IEnumerable<BestResponse> Best(BestOfNRecipe recipe, Prompt[] prompts, TextGenerator generator, IScorer scorer)
    {
        Prompt[] asked = [.. prompts.SelectMany(prompt => Enumerable.Repeat(prompt, recipe.N))];
        var found = generator.Generate([.. asked.Select(prompt => prompt.Tokens)], recipe.Sampling, [.. asked.Select((prompt, i) => new RandomKey((ulong)recipe.Seed, 0, prompt.Index, i % recipe.N))]);
        var scores = scorer.Score([.. found.Select((completion, i) => new ScoredText(asked[i].Text, completion.Text!, asked[i].Tokens, completion.Tokens) { Facts = asked[i].Facts })]);
        for (var first = 0; first < asked.Length; first += recipe.N)
        {
            var ofPrompt = scores[first..(first + recipe.N)];
            var best = first + BestOfN.Pick(ofPrompt);
            var worst = Enumerable.Range(first, recipe.N).MinBy(i => scores[i]);
            yield return new BestResponse(asked[best].Text, found[best].Text!, scores[best], ofPrompt.Average(), found[best].Reason != StopReason.Length)
            {
                Worst = scores[worst] < scores[best] ? new WorstResponse(found[worst].Text!, scores[worst]) : null,
            };
        }
    }

    private static void Say(BestResponse best, CommandContext context) =>
        context.Output.WriteLine(context.Format == OutputFormat.Json ? JsonSerializer.Serialize(best, JsonText.Lines) : best.Completion);

    private static void Foresee(BestOfNRecipe recipe, CommandContext context)
    {
        Check(recipe, context);
        Stage.WantFit(recipe.Model, ModelFolder.ReadConfig(recipe.Model));
    }

    private static void Check(BestOfNRecipe recipe, CommandContext context)
    {
        Stage.WantFolder(recipe.Model, "model");
        if (recipe.Prompt is null) Stage.WantFile(recipe.Prompts, "prompts");
        if (recipe is { Prompt: null, To: { } to }) SamePlace.Refuse(recipe.Prompts, to);
        if (recipe.Score.RewardModel is { } source) Stage.WantFolder(source.Path, "score.reward_model.path");
        if (recipe.Score == new ScoreOptions()) throw new WrongUsageException("score: names no source of scores; expected at least one, such as score.reward_model.path=runs/demo/reward/final");
    }

    /// <param name="MeanScore">Of the n samples: what one of them can be expected to get.</param>
    /// <param name="Ended">By itself, not at the length limit.</param>
    private sealed record BestResponse(string Prompt, string Completion, double Score, double MeanScore, bool Ended)
    {
        /// <summary>The one of the lowest score; null where none is lower than the best.</summary>
        [JsonIgnore]
        public WorstResponse? Worst { get; init; }
    }

    private sealed record WorstResponse(string Completion, double Score);
}

internal sealed record BestOfNRecipe : IChecked
{
    [Describe("folder of the model that is sampled")]
    public string Model { get; init; } = "";

    [Describe("file of prompts (.jsonl, .json, .gz, .parquet)")]
    public string Prompts { get; init; } = "";

    [Describe("a prompt, in place of a file")]
    public string? Prompt { get; init; }

    [Describe("samples of each prompt"), AtLeast(1)]
    public int N { get; init; } = 16;

    [Describe("what ranks the samples")]
    public ScoreOptions Score { get; init; } = new();

    [Describe("file of the rows (.jsonl, .json, .gz, .parquet): prompt, completion, score and mean_score; null: completions go to stdout")]
    public string? To { get; init; }

    [Describe("whether the rows are pairs instead, for DPO from a model's own responses: prompt, chosen (the best of the n), rejected (the worst) and margin")]
    public bool Pairs { get; init; }

    [Describe("whether a file gets only responses that ended by themselves: further SFT would learn to stop where others were cut off")]
    public bool OnlyEnded { get; init; } = true;

    [Describe("how samples are drawn")]
    public SamplingOptions Sampling { get; init; } = new();

    [Describe("what the columns of prompts are called")]
    public ColumnNames Columns { get; init; } = new();

    [Describe("how dialogues are written out: plain, auto (the tokenizer's own), chatml, llama2 or zephyr"), ChatTemplateName]
    public string ChatTemplate { get; init; } = DialogueForms.PlainName;

    [Describe("what a defective row of prompts leads to: skip (counted and reported) or error")]
    public OnDefect OnDefect { get; init; } = OnDefect.Skip;

    [Describe("samples side by side"), AtLeast(1)]
    public int BatchSize { get; init; } = 256;

    [Describe("seed of everything random"), AtLeast(0)]
    public long Seed { get; init; } = 1;

    [Describe("auto, cpu, cuda or cuda:N")]
    public string Device { get; init; } = "auto";

    public IEnumerable<Problem> Problems()
    {
        if (Model.Length == 0) yield return new Problem(nameof(Model), "found nothing; expected the folder of a model");
        if ((Prompt is null) == (Prompts.Length == 0)) yield return new Problem(nameof(Prompt), "expected either a prompt or a file of prompts");
        if (Pairs && (To is null || N < 2)) yield return new Problem(nameof(Pairs), "expected a file (to) and n of at least 2");
        if (Sampling.Greedy && N > 1) yield return new Problem(nameof(Sampling), $"found temperature 0, which gives the same response {N} times; expected above 0");
    }
}
