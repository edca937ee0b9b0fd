using System.Text.Json;
using Rlhf.Rewards.World;
using Rlhf.TestSupport;

namespace Rlhf.Rewards.Tests.World;

public sealed class WorldBuilderTests : IDisposable
{
    private static readonly string[] Files = ["sft.jsonl", "pairs.jsonl", "prompts.train.jsonl", "prompts.eval.jsonl"];

    private readonly string folder = Directory.CreateTempSubdirectory("world").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Write_DefaultSeed_GivesTheShippedFilesBitForBit()
    {
        WorldBuilder.Write(folder);
        foreach (var file in Files)
            Assert.Equal(File.ReadAllBytes(Path.Combine(TestData.Repository, "data", "world", file)), File.ReadAllBytes(Path.Combine(folder, file)));
    }

    [Fact]
    public void Write_OtherSeed_GivesOtherFiles()
    {
        WorldBuilder.Write(folder, 1);
        foreach (var file in Files)
            Assert.NotEqual(File.ReadAllBytes(Path.Combine(TestData.Repository, "data", "world", file)), File.ReadAllBytes(Path.Combine(folder, file)));
    }

    [Fact]
    public void ShippedFiles_NoPromptIsInTwo()
    {
        var prompts = Files.ToDictionary(file => file, file => Rows(file).Select(row => row.GetProperty("prompt").GetString()!).ToHashSet());
        foreach (var (a, b) in from a in Files from b in Files where string.CompareOrdinal(a, b) < 0 select (a, b))
            Assert.Empty(prompts[a].Intersect(prompts[b]));
    }

    [Fact]
    public void ShippedPairs_LabelsFollowBradleyTerryOnTheGoldGap()
    {
        double kept = 0, expected = 0, variance = 0;
        foreach (var row in Rows("pairs.jsonl"))
        {
            var gap = row.GetProperty("gold_chosen").GetDouble() - row.GetProperty("gold_rejected").GetDouble();
            if (gap == 0) continue;
            var p = WorldBuilder.PreferenceProbability(Math.Abs(gap));
            kept += gap > 0 ? 1 : 0;
            expected += p;
            variance += p * (1 - p);
        }

        Assert.InRange(kept, expected - 3 * Math.Sqrt(variance), expected + 3 * Math.Sqrt(variance));
    }

    [Fact]
    public void ShippedPairs_GoldColumns_AreTheGoldScoresOfTheTexts()
    {
        foreach (var row in Rows("pairs.jsonl").Take(200))
        {
            var prompt = row.GetProperty("prompt").GetString()!;
            foreach (var side in new[] { "chosen", "rejected" })
                Assert.Equal(GoldScore.Score(prompt, row.GetProperty(side).GetString()!), row.GetProperty("gold_" + side).GetDouble(), 5.1e-5);
        }
    }

    [Fact]
    public void ShippedPairs_NeverGush()
    {
        foreach (var row in Rows("pairs.jsonl"))
        foreach (var side in new[] { "chosen", "rejected" })
        {
            var gold = GoldScore.Explain(row.GetProperty("prompt").GetString()!, row.GetProperty(side).GetString()!);
            Assert.InRange(gold.Feeling, 0, 0.22);
        }
    }

    private static IEnumerable<JsonElement> Rows(string file) =>
        File.ReadLines(Path.Combine(TestData.Repository, "data", "world", file)).Select(line => JsonDocument.Parse(line).RootElement);
}
