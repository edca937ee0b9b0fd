using System.Text.Json;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Foundation.Data;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Sft;
using Rlhf.Rewards.Preferences;
using Rlhf.Tests.Ppo;

namespace Rlhf.Cli.Tests.Commands;

/// <summary>`rlhf best-of-n` on a model of random weights; the score is highest for responses of three tokens.</summary>
public sealed class BestOfNCommandTests : IDisposable
{
    private readonly TinyWorld _world = new();
    private readonly string[] _common;

    public BestOfNCommandTests()
    {
        using (var model = _world.Model()) ModelFolder.Save(model, _world.Folder("model"), new SaveOptions { TokenizerFrom = _world.TokenizerFolder });
        File.WriteAllLines(_world.Folder("prompts.jsonl"), _world.Prompts.Select(prompt => JsonSerializer.Serialize(new { prompt = prompt.Text })));
        _common = [_world.Folder("model"), "score.length.least=3", "score.length.most=3", "score.length.slack=9", "score.length.unit=tokens", "sampling.max_new_tokens=8"];
    }

    public void Dispose() => _world.Dispose();

    [Fact]
    public void BestOfN_MoreSamples_ScoreHigherAndOneIsTheMean()
    {
        var (one, eight) = (Scores("n=1"), Scores("n=8"));

        Assert.All(one, row => Assert.Equal(row.Mean, row.Score));
        Assert.All(eight.Zip(one), pair => Assert.True(pair.First.Score >= pair.Second.Score));   // the first sample is among the eight
        Assert.All(eight, row => Assert.True(row.Score >= row.Mean));
        Assert.True(eight.Average(row => row.Score) > one.Average(row => row.Score) + 0.1);
    }

    [Theory]
    [InlineData("best.parquet")]
    [InlineData("best.jsonl")]
    public void BestOfN_ToAFile_IsWhatSftReads(string name)
    {
        var file = _world.Folder(name);

        var ending = Run([.. _common, _world.Folder("prompts.jsonl"), "n=8", $"to={file}"]);

        var rows = RowReader.Read(file).ToArray();
        Assert.Equal("", ending.Output);
        Assert.Equal(["prompt", "completion", "score", "mean_score"], rows[0].Columns);
        Assert.Contains($"{rows.Length} rows in {file}; KL 1.20 nats", ending.Error);   // ln 8 − 7/8
        Assert.Equal(rows.Length, new SftRows(_world.Tokenizer, new SftRecipe { Data = file }).Read(file).Count);
    }

    [Fact]
    public void BestOfN_Pairs_AreTheBestAndTheWorstAndWhatDpoReads()
    {
        var file = _world.Folder("pairs.jsonl");

        Run([.. _common, _world.Folder("prompts.jsonl"), "n=8", "only_ended=false", "pairs=true", $"to={file}"]);

        var pairs = new PreferenceFile(new ColumnNames(), DialogueForm.Plain).Pairs(file, new DefectLog(OnDefect.Error)).ToArray();
        var scores = Scores("n=8");
        Assert.Equal(scores.Length, pairs.Length);
        Assert.All(pairs.Zip(scores), one => Assert.True(one.First.Margin > one.Second.Score - one.Second.Mean));
        Assert.All(pairs, pair => Assert.NotEqual(pair.Chosen, pair.Rejected));
    }

    [Fact]
    public void BestOfN_ResponsesThatWereCutOff_AreLeftOutOfDataAndCounted()
    {
        string[] words = [.. _common, _world.Folder("prompts.jsonl"), "n=1", "sampling.max_new_tokens=2", $"to={_world.Folder("best.jsonl")}"];

        var ending = Run(words);
        var kept = RowReader.Read(_world.Folder("best.jsonl")).Count();
        Run([.. words, "only_ended=false"]);

        Assert.Equal(6, RowReader.Read(_world.Folder("best.jsonl")).Count());
        Assert.InRange(kept, 1, 5);
        Assert.Contains($"{6 - kept} of 6 best responses were cut off at 2 tokens", ending.Error);
    }

    [Theory]
    [InlineData("expected either a prompt or a file of prompts")]
    [InlineData("found temperature 0", "prompt=a", "sampling.temperature=0")]
    [InlineData("expected a file (to) and n of at least 2", "prompt=a", "pairs=true")]
    public void BestOfN_ThatMakesNoSense_IsRefused(string message, params string[] words)
    {
        var ending = InProcess.Run(["best-of-n", .. _common, .. words]);
        Assert.Equal(2, ending.Code);
        Assert.Contains(message, ending.Error);
    }

    [Fact]
    public void BestOfN_NoScore_SaysWhatToGive()
    {
        var ending = InProcess.Run("best-of-n", _world.Folder("model"), "prompt=a");
        Assert.Equal(2, ending.Code);
        Assert.Contains("score: names no source of scores", ending.Error);
    }

    private (double Score, double Mean)[] Scores(string n) =>
    [
        .. Run([.. _common, _world.Folder("prompts.jsonl"), n, "--json"]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).Select(row => (row.GetProperty("score").GetDouble(), row.GetProperty("mean_score").GetDouble())),
    ];

    private static InProcess.Ending Run(string[] words)
    {
        var ending = InProcess.Run(["best-of-n", .. words]);
        Assert.True(ending.Code == 0, ending.Error);
        return ending;
    }
}
