using Rlhf.Foundation.Data;
using Columns = (string Column, object? Value)[];

namespace Rlhf.Rewards.World;

/// <summary>Writes the shipped data set, the same bytes from the same seed.</summary>
internal static class WorldBuilder
{
    public const ulong DefaultSeed = 20240601;

    /// <summary>Pairs are labelled by <c>P(a preferred to b) = σ(2·(gold(a) − gold(b)))</c>.</summary>
    public const double LabelSlope = 2;

    private const int SftPrompts = 2000, CompletionsPerPrompt = 2;
    private const int PairPrompts = 2500, PairsPerPrompt = 2;
    private const int TrainPrompts = 1000, EvalPrompts = 256;
    private const int GoldDigits = 4;

    /// <summary>Writes <c>sft</c>, <c>pairs</c>, <c>prompts.train</c> and <c>prompts.eval</c> into a folder, as Parquet. No prompt is in two of them.</summary>
    public static void Write(string folder, ulong seed = DefaultSeed)
    {
        Directory.CreateDirectory(folder);
        var dice = new Dice(seed);
        var storyteller = new Storyteller(dice);
        var slips = new Slips(storyteller, dice);
        var prompts = new Queue<string>(PromptMaker.All(dice));
        WriteRows(folder, "sft.parquet", Take(prompts, SftPrompts).SelectMany(prompt => Repeat(CompletionsPerPrompt, () => Sft(prompt, storyteller))));
        WriteRows(folder, "pairs.parquet", Take(prompts, PairPrompts).SelectMany(prompt => Repeat(PairsPerPrompt, () => Pair(prompt, slips, dice))));
        WriteRows(folder, "prompts.train.parquet", Take(prompts, TrainPrompts).Select(Prompt));
        WriteRows(folder, "prompts.eval.parquet", Take(prompts, EvalPrompts).Select(Prompt));
    }

    /// <summary>The chance that the Bradley–Terry labeller of the shipped pairs prefers the response whose gold is higher by <paramref name="gap"/>.</summary>
    public static double PreferenceProbability(double gap) => 1 / (1 + Math.Exp(-LabelSlope * gap));

    private static Columns Prompt(string prompt) => [("prompt", prompt)];

    private static Columns Sft(string prompt, Storyteller storyteller) => [("prompt", prompt), ("completion", Spoken(storyteller.Respond(prompt)))];

    private static Columns Pair(string prompt, Slips slips, Dice dice)
    {
        var (a, b) = (slips.Respond(prompt), slips.Respond(prompt));
        while (a == b) b = slips.Respond(prompt);
        var (goldA, goldB) = (Gold(prompt, a), Gold(prompt, b));
        var firstWins = dice.Uniform() < PreferenceProbability(goldA - goldB);
        return
        [
            ("prompt", prompt),
            ("chosen", Spoken(firstWins ? a : b)),
            ("rejected", Spoken(firstWins ? b : a)),
            ("gold_chosen", firstWins ? goldA : goldB),
            ("gold_rejected", firstWins ? goldB : goldA),
        ];
    }

    private static double Gold(string prompt, string response) => Math.Round(GoldScore.Score(prompt, response), GoldDigits);

    /// <summary>A response begins with the space that parts it from its prompt, so that prompt + response is the text.</summary>
    private static string Spoken(string response) => " " + response;

    private static string[] Take(Queue<string> prompts, int count) => [.. Repeat(count, prompts.Dequeue)];

    private static IEnumerable<T> Repeat<T>(int count, Func<T> make) => Enumerable.Range(0, count).Select(_ => make());

    private static void WriteRows(string folder, string name, IEnumerable<Columns> rows)
    {
        using var writer = RowWriter.Create(Path.Combine(folder, name));
        foreach (var columns in rows) writer.Write(Row.Of(name, writer.Count + 1, columns));
        writer.Commit();
    }
}
