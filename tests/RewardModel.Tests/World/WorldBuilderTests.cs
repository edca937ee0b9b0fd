using Rlhf.Foundation.Data;
using Rlhf.Rewards.World;

namespace Rlhf.Rewards.Tests.World;

public sealed class WorldBuilderTests : IDisposable
{
    private static readonly string[] Files = ["sft.parquet", "pairs.parquet", "prompts.train.parquet", "prompts.eval.parquet"];

    private readonly string folder = Directory.CreateTempSubdirectory("world").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Write_DefaultSeed_GivesTheRowsOfTheShippedFiles()
    {
        WorldBuilder.Write(folder);
        foreach (var file in Files) Assert.Equal(Lines(Shipped(file)), Lines(Path.Combine(folder, file)));
    }

    [Fact]
    public void Write_DefaultSeed_GivesTheShippedFilesBitForBit()
    {
        Assert.SkipWhen(typeof(Parquet.ParquetReader).Assembly.GetName().Version?.Major > 0, "the shipped files were written by the drop-in of Parquet.Net; the package lays out the same rows differently");
        WorldBuilder.Write(folder);
        foreach (var file in Files) Assert.Equal(File.ReadAllBytes(Shipped(file)), File.ReadAllBytes(Path.Combine(folder, file)));
    }

    [Fact]
    public void Write_OtherSeed_GivesOtherRows()
    {
        WorldBuilder.Write(folder, 1);
        foreach (var file in Files) Assert.NotEqual(Lines(Shipped(file)), Lines(Path.Combine(folder, file)));
    }

    [Fact]
    public void ShippedFiles_Together_StayUnderThreeMegabytes() => Assert.InRange(Files.Sum(file => new FileInfo(Shipped(file)).Length), 1, 3_000_000);

    [Fact]
    public void ShippedFiles_NoPromptIsInTwo()
    {
        var prompts = Files.ToDictionary(file => file, file => Rows(file).Select(row => row.Text("prompt")).ToHashSet());
        foreach (var (a, b) in from a in Files from b in Files where string.CompareOrdinal(a, b) < 0 select (a, b))
            Assert.Empty(prompts[a].Intersect(prompts[b]));
    }

    [Fact]
    public void ShippedPairs_LabelsFollowBradleyTerryOnTheGoldGap()
    {
        double kept = 0, expected = 0, variance = 0;
        foreach (var row in Rows("pairs.parquet"))
        {
            var gap = row.Number("gold_chosen") - row.Number("gold_rejected");
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
        foreach (var row in Rows("pairs.parquet").Take(200))
        {
            var prompt = row.Text("prompt");
            foreach (var side in new[] { "chosen", "rejected" })
                Assert.Equal(GoldScore.Score(prompt, row.Text(side)), row.Number("gold_" + side), 5.1e-5);
        }
    }

    [Fact]
    public void ShippedPairs_NeverGush()
    {
        foreach (var row in Rows("pairs.parquet"))
        foreach (var side in new[] { "chosen", "rejected" })
        {
            var gold = GoldScore.Explain(row.Text("prompt"), row.Text(side));
            Assert.InRange(gold.Feeling, 0, 0.22);
        }
    }

    private static string Shipped(string file) => Path.Combine(TestData.Repository, "data", "world", file);

    private static IEnumerable<Row> Rows(string file) => RowReader.Read(Shipped(file));

    private static string[] Lines(string path) => [.. RowReader.Read(path).Select(row => System.Text.Encoding.UTF8.GetString(row.Json.Span))];
}
