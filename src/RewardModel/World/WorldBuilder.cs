using System.Text.Encodings.Web;
using System.Text.Json;

namespace Rlhf.Rewards.World;

/// <summary>Writes the shipped data set, the same bytes from the same seed.</summary>
public static class WorldBuilder
{
    public const ulong DefaultSeed = 20240601;

    /// <summary>Pairs are labelled by <c>P(a preferred to b) = σ(2·(gold(a) − gold(b)))</c>.</summary>
    public const double LabelSlope = 2;

    private const int SftPrompts = 2000, CompletionsPerPrompt = 2;
    private const int PairPrompts = 2500, PairsPerPrompt = 2;
    private const int TrainPrompts = 1000, EvalPrompts = 256;
    private const int GoldDigits = 4;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes <c>sft</c>, <c>pairs</c>, <c>prompts.train</c> and <c>prompts.eval</c> into a folder. No prompt is in two of them.</summary>
    public static void Write(string folder, ulong seed = DefaultSeed)
    {
        Directory.CreateDirectory(folder);
        var dice = new Dice(seed);
        var storyteller = new Storyteller(dice);
        var slips = new Slips(storyteller, dice);
        var prompts = new Queue<string>(PromptMaker.All(dice));
        WriteLines(folder, "sft.jsonl", Take(prompts, SftPrompts).SelectMany(prompt => Repeat(CompletionsPerPrompt, () => Sft(prompt, storyteller))));
        WriteLines(folder, "pairs.jsonl", Take(prompts, PairPrompts).SelectMany(prompt => Repeat(PairsPerPrompt, () => Pair(prompt, slips, dice))));
        WriteLines(folder, "prompts.train.jsonl", Take(prompts, TrainPrompts).Select(Prompt));
        WriteLines(folder, "prompts.eval.jsonl", Take(prompts, EvalPrompts).Select(Prompt));
    }

    /// <summary>The chance that the Bradley–Terry labeller of the shipped pairs prefers the response whose gold is higher by <paramref name="gap"/>.</summary>
    public static double PreferenceProbability(double gap) => 1 / (1 + Math.Exp(-LabelSlope * gap));

    private static Action<Utf8JsonWriter> Prompt(string prompt) => json => json.WriteString("prompt", prompt);

    private static Action<Utf8JsonWriter> Sft(string prompt, Storyteller storyteller)
    {
        var completion = Spoken(storyteller.Respond(prompt));
        return json =>
        {
            json.WriteString("prompt", prompt);
            json.WriteString("completion", completion);
        };
    }

    private static Action<Utf8JsonWriter> Pair(string prompt, Slips slips, Dice dice)
    {
        var (a, b) = (slips.Respond(prompt), slips.Respond(prompt));
        while (a == b) b = slips.Respond(prompt);
        var (goldA, goldB) = (Gold(prompt, a), Gold(prompt, b));
        var firstWins = dice.Uniform() < PreferenceProbability(goldA - goldB);
        return json =>
        {
            json.WriteString("prompt", prompt);
            json.WriteString("chosen", Spoken(firstWins ? a : b));
            json.WriteString("rejected", Spoken(firstWins ? b : a));
            json.WriteNumber("gold_chosen", firstWins ? goldA : goldB);
            json.WriteNumber("gold_rejected", firstWins ? goldB : goldA);
        };
    }

    private static double Gold(string prompt, string response) => Math.Round(GoldScore.Score(prompt, response), GoldDigits);

    /// <summary>A response begins with the space that parts it from its prompt, so that prompt + response is the text.</summary>
    private static string Spoken(string response) => " " + response;

    private static string[] Take(Queue<string> prompts, int count) => [.. Repeat(count, prompts.Dequeue)];

    private static IEnumerable<T> Repeat<T>(int count, Func<T> make) => Enumerable.Range(0, count).Select(_ => make());

    private static void WriteLines(string folder, string name, IEnumerable<Action<Utf8JsonWriter>> rows)
    {
        using var file = new FileStream(Path.Combine(folder, name), FileMode.Create, FileAccess.Write);
        using var json = new Utf8JsonWriter(file, Plain);
        foreach (var row in rows)
        {
            json.WriteStartObject();
            row(json);
            json.WriteEndObject();
            json.Flush();
            json.Reset();
            file.Write("\n"u8);
        }
    }
}
