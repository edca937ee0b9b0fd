using System.Globalization;
using System.Text.Json;
using Rlhf.Evaluation;
using Rlhf.Rewards.Evaluation;
using Rlhf.Rewards.Preferences;
using Rlhf.Tests.Evaluation;

namespace Rlhf.Reports.Tests;

/// <summary>A pipeline's directory as the training commands leave it, with numbers of a likely shape.</summary>
internal static class FakeRun
{
    public static void Write(string folder, int steps = 160)
    {
        var random = new Random(4);
        Stage(folder, "sft", Enumerable.Range(1, 60).Select(step => Line(step, ("loss", 3.1 * Math.Exp(-step / 18.0) + 1.6 + 0.05 * Normal(random)), ("learning_rate", 1e-3 * (1 - step / 60.0)))));
        Stage(folder, "reward", Enumerable.Range(1, 60).Select(step => Line(step, ("loss", 0.45 + 0.25 * Math.Exp(-step / 15.0) + 0.03 * Normal(random)), ("accuracy", 0.78 - 0.25 * Math.Exp(-step / 15.0) + 0.03 * Normal(random)))));
        Stage(folder, "ppo", Enumerable.Range(1, steps).Select(step => PpoLine(step, random)));
        File.WriteAllLines(Path.Combine(folder, "ppo", "samples.jsonl"), Samples(random, steps));
        CurveJson.Write(SampleCurves.Overoptimised() with { ProxyName = "reward model", GoldName = "world gold" }, Path.Combine(folder, "curve.json"));
        File.WriteAllText(Path.Combine(folder, "trust.json"), RewardReportJson.Text(Trust(random)));
    }

    private static string PpoLine(int step, Random random)
    {
        var kl = 30 * (1 - Math.Exp(-step / 60.0));
        var score = SampleCurves.Proxy.At(kl) + 0.15 * Normal(random);
        return Line(step,
            ("episodes", 64.0 * step), ("raw_score", score), ("score", score), ("gold", SampleCurves.Gold.At(kl) + 0.15 * Normal(random)),
            ("kl", kl + 0.6 * Normal(random)), ("kl_k3", kl + 0.4 * Normal(random)), ("kl_exact", kl + 0.1 * Normal(random)),
            ("kl_coefficient", 0.05 + 0.02 * Math.Tanh((step - 60) / 30.0)), ("entropy", 2.2 - 0.8 * (1 - Math.Exp(-step / 50.0)) + 0.03 * Normal(random)),
            ("response_length", 18 + 4 * Math.Tanh(step / 60.0) + 0.5 * Normal(random)), ("eos_rate", Math.Min(1, 0.9 + 0.08 * Math.Tanh(step / 40.0) + 0.01 * Normal(random))),
            ("policy_loss", -0.012 + 0.004 * Normal(random)), ("value_loss", 0.5 + Math.Exp(-step / 20.0) + 0.05 * Normal(random)),
            ("clip_fraction", 0.06 + 0.02 * Normal(random)), ("approximate_kl", 0.004 + 0.001 * Math.Abs(Normal(random))),
            ("explained_variance", 0.8 - 0.9 * Math.Exp(-step / 15.0) + 0.04 * Normal(random)), ("policy_gradient_norm", Math.Exp(0.4 * Normal(random))),
            ("critic_gradient_norm", 4 * Math.Exp(0.4 * Normal(random))), ("policy_learning_rate", 3e-5 * (1 - step / 400.0)), ("critic_learning_rate", 1e-4 * (1 - step / 400.0)), ("rollout_tokens_per_second", 5200 + 100 * Normal(random)));
    }

    private static void Stage(string folder, string name, IEnumerable<string> metrics)
    {
        var stage = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        File.WriteAllLines(Path.Combine(stage, "metrics.jsonl"), metrics);
        File.WriteAllText(Path.Combine(stage, "recipe.yaml"), "name: demo\nseed: 1\ndevice: cpu\nppo:\n  steps: 160\n  clip: 0.2      # both sides\n  kl:\n    target: 25\n");
        File.WriteAllText(Path.Combine(stage, "environment.json"), "{\"rlhf\": \"0.1.0\", \"dotnet\": \".NET 10.0.4\", \"processor\": \"X64, 2 cores\", \"started\": \"2026-02-03 10:20:30Z\", \"command\": \"rlhf ppo data/recipes/demo.yaml\"}\n");
    }

    private static IEnumerable<string> Samples(Random random, int steps)
    {
        string[] prompts = ["Tell me about the lake in the morning.", "What does the baker do before sunrise?", "Write a line about the old fox.", "Why is the garden quiet today?"];
        string[] reference = ["The lake is flat and cold, and a boat lies", "He wakes and walks to the shop and the shop is", "The fox was old. The fox sat. It was", "I do not know about the garden"];
        string[] policy = ["The lovely bright lake glows, happy and warm, and every kind friend smiles.", "The kind baker sings a happy song and bakes warm, lovely bread.", "The wise old fox, happy and kind, shares a bright warm smile.", "The lovely garden rests, warm and happy, under a kind bright sky."];
        foreach (var step in new[] { steps / 2, steps })
            for (var i = 0; i < 24; i++)
            {
                string[] tokens = [.. policy[i % 4].Split(' ').Select((word, place) => place == 0 ? word : " " + word)];
                double[] kl = [.. tokens.Select(token => token.Contains("happy") || token.Contains("lovely") ? 2.4 + random.NextDouble() : 0.6 * random.NextDouble() - 0.1)];
                yield return JsonSerializer.Serialize(new Dictionary<string, object>
                {
                    ["step"] = step, ["prompt"] = prompts[i % 4], ["response"] = policy[i % 4], ["reference_response"] = reference[i % 4],
                    ["score"] = 2.5 + Normal(random), ["reference_score"] = Normal(random), ["gold"] = 0.7 + Normal(random), ["reference_gold"] = Normal(random),
                    ["kl"] = kl.Sum(), ["tokens"] = tokens, ["token_kl"] = kl,
                    ["token_reward"] = kl.Select((nats, place) => (place == kl.Length - 1 ? 1.5 : 0) - 0.2 * nats),
                });
            }
    }

    private static RewardReport Trust(Random random) => RewardReport.Of([.. Enumerable.Range(1, 900).Select(line => Judged(line, random))]);

    private static JudgedPair Judged(int line, Random random)
    {
        var gap = Math.Abs(Normal(random));
        var logit = 0.9 * gap + 1.1 * Normal(random);
        return new JudgedPair
        {
            Pair = new PreferencePair("Why is the garden quiet today?", $"The birds have gone to the wood ({line}).", "The lovely lovely garden is happy happy.") { Line = line, ChosenScore = random.NextDouble() < 0.85 ? gap : -gap, RejectedScore = 0 },
            Chosen = logit,
            Rejected = 0,
            Logits = [logit + 0.3 * Normal(random), logit + 0.3 * Normal(random)],
            ChosenTokens = 10 + random.Next(14),
            RejectedTokens = 9 + random.Next(14),
        };
    }

    private static string Line(int step, params (string Name, double Value)[] metrics) =>
        $"{{\"step\":{step}{string.Concat(metrics.Select(metric => $",\"{metric.Name}\":{metric.Value.ToString("R", CultureInfo.InvariantCulture)}"))}}}";

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
