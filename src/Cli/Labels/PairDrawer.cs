using MathNet.Numerics.Statistics;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Foundation;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;
using Rlhf.Ppo;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Training;
using static TorchSharp.torch;

namespace Rlhf.Cli.Labels;

/// <summary>Draws two responses to each of many prompts, and keeps the pairs that are worth a person's time.</summary>
internal static class PairDrawer
{
    /// <summary>How often more are drawn in the place of pairs that are not worth it.</summary>
    private const int Waves = 4;

    public static IReadOnlyList<CandidatePair> Draw(DrawOptions options, CommandContext context)
    {
        Check(options);
        var device = Machine.Open(options.Device);
        var tokenizer = TextTokenizer.Load(options.Policy);
        var reading = new PpoRecipe { Columns = options.Columns, ChatTemplate = options.ChatTemplate, MaxPromptTokens = ModelFolder.ReadConfig(options.Policy).Context - 1 };
        var prompts = PromptFile.Read(options.Prompts, "prompts", reading, tokenizer, context);
        var wanted = options.Count * (options.Ensemble is null ? 1 : options.Candidates);
        context.Progress.Note($"drawing {wanted} pairs from {options.Policy}{(options.Against is null ? "" : $" and {options.Against}")}");
        var pairs = new List<CandidatePair>();
        var drawn = 0;
        for (var wave = 0; wave < Waves && pairs.Count < wanted; wave++)
        {
            // A prompt comes again only when all have been asked.
            var numbers = Enumerable.Range(options.Skip + drawn, wanted - pairs.Count).ToArray();
            if (wave > 0) context.Progress.Note($"{numbers.Length} more are drawn in the place of what holds the same response twice");
            var first = Responses(options.Policy, 0, numbers);
            var second = Responses(options.Against ?? options.Policy, 1, numbers);
            drawn += numbers.Length;
            pairs = [.. pairs.Concat(numbers.Select((number, i) => new CandidatePair(PromptOf(number).Text, first[i], second[i])).Where(IsWorthAsking)).DistinctBy(pair => pair.Id)];
        }

        if (pairs.Count == 0) throw new RlhfException($"{options.Policy}: no two responses to a prompt differ; raise sampling.temperature");
        if (pairs.Count < wanted) context.Progress.Note($"{drawn - pairs.Count} of {drawn} pairs hold the same response twice, or an empty one, and are left out: {pairs.Count} are left of the {wanted} that were wanted");
        return options.Ensemble is null ? pairs : MostDisputed(pairs, options.Ensemble, device, options.Count);

        Prompt PromptOf(int number) => prompts[number % prompts.Length];

        string[] Responses(string folder, int side, int[] numbers)
        {
            using var model = ModelFolder.Load(folder, device);
            tokenizer.WantFit(model.Config.Vocabulary);
            var generator = new TextGenerator(model, tokenizer.Eos ?? model.Config.Eos, tokenizer.PadOrEos, tokenizer) { BatchSize = options.BatchSize };
            return [.. generator.Generate([.. numbers.Select(number => PromptOf(number).Tokens)], options.Sampling, [.. numbers.Select(number => new RandomKey((ulong)options.Seed, 0, PromptOf(number).Index, 2 * (number / prompts.Length) + side))]).Select(found => found.Text!)];
        }
    }

    public static void Check(DrawOptions options)
    {
        Stage.WantFolder(options.Policy, "policy");
        if (options.Against is { } other) Stage.WantFolder(other, "against");
        if (options.Ensemble is { } ensemble) Stage.WantFolder(ensemble, "ensemble");
        Stage.WantFile(options.Prompts, "prompts");
    }

    private static bool IsWorthAsking(CandidatePair pair) => pair.First.Trim() is { Length: > 0 } first && pair.Second.Trim() is { Length: > 0 } second && first != second;

    /// <summary>By the deviation over the members of how much better they find the first response.</summary>
    private static IReadOnlyList<CandidatePair> MostDisputed(IReadOnlyList<CandidatePair> pairs, string folder, Device device, int count)
    {
        using var ensemble = RewardFolder.Load(folder, device);
        if (ensemble.Members < 2) throw new RlhfException($"ensemble: {folder} is one reward model with one head, which cannot disagree with itself; train several with reward.heads or reward.seeds");
        var tokenizer = TextTokenizer.Load(RewardFolder.TokenizerFolder(folder));
        var scores = ensemble.Score([.. pairs.SelectMany(pair => new[] { pair.First, pair.Second }.Select(response => ReplyTokens.Whole(tokenizer, pair.Prompt, response)))], tokenizer.PadOrEos);
        double[] gains = [.. ensemble.Models.SelectMany(model => model.Scales).Select(scale => scale.Gain)];
        return [.. pairs.Index().OrderByDescending(pair => ArrayStatistics.PopulationStandardDeviation([.. gains.Select((gain, member) => gain * (scores[2 * pair.Index].Logits[member] - scores[2 * pair.Index + 1].Logits[member]))])).Take(count).Select(pair => pair.Item)];
    }
}
