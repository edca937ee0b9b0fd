using System.Text.Json.Nodes;
using Rlhf.Foundation;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.TensorFiles;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.World;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Tests.Models;

public sealed class RewardFolderTests : IDisposable
{
    private static readonly int[][] Rows = [TinyReward.Row(5), TinyReward.Row(3, 1), TinyReward.Row(8, 2)];

    private readonly string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose()
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Save_OneModel_LoadsBackWithItsScalesAndScoresTheSame()
    {
        using var ensemble = TinyReward.Ensemble(heads: 3);
        ensemble.Normalize(ensemble.Score(Rows, TinyReward.Pad));
        RewardFolder.Save(ensemble, folder, null, new JsonObject { ["pairs"] = 12 });
        using var loaded = RewardFolder.Load(folder, CPU);
        Assert.Equal(ensemble.Score(Rows, TinyReward.Pad).Select(score => score.Score), loaded.Score(Rows, TinyReward.Pad).Select(score => score.Score));
        Assert.Equal(12, RewardFacts.Read(folder).Training!["pairs"]!.GetValue<int>());
    }

    [Fact]
    public void Save_OneModel_IsASequenceClassificationModelWithALabelForEachHead()
    {
        using var ensemble = TinyReward.Ensemble(heads: 2);
        RewardFolder.Save(ensemble, folder, null);
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!;
        Assert.Equal("GPT2ForSequenceClassification", config["architectures"]![0]!.GetValue<string>());
        Assert.Equal(["SCORE_1", "SCORE_2"], config["id2label"]!.AsObject().Select(label => label.Value!.GetValue<string>()));
        var weights = SafetensorsFile.Load(Path.Combine(folder, "model.safetensors"));
        Assert.Equal([2, 16], weights["score.weight"].shape);
    }

    [Fact]
    public void Save_SeveralModels_LoadBackAsOneEnsemble()
    {
        using var ensemble = new RewardEnsemble([TinyReward.Create(), TinyReward.Create(seed: 2)], new EnsembleOptions { Combine = Combination.Minimum });
        ensemble.Normalize(ensemble.Score(Rows, TinyReward.Pad));
        RewardFolder.Save(ensemble, folder, null);
        using var loaded = RewardFolder.Load(folder, CPU);
        Assert.Equal(Combination.Minimum, loaded.Options.Combine);
        Assert.Equal(ensemble.Score(Rows, TinyReward.Pad).Select(score => score.Score), loaded.Score(Rows, TinyReward.Pad).Select(score => score.Score));
        Assert.Equal(Path.Combine(folder, "member-1"), RewardFolder.TokenizerFolder(folder));
    }

    [Fact]
    public void Load_LanguageModel_SaysThatItIsNoRewardModel()
    {
        using var policy = TinyReward.Policy();
        ModelFolder.Save(policy, folder);
        Assert.Contains("no score.weight", Assert.Throws<RlhfException>(() => RewardFolder.Load(folder, CPU)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"members": []}""")]
    [InlineData("""{"members": ["../elsewhere"]}""")]
    [InlineData("""{"members": [3]}""")]
    [InlineData("[1]")]
    [InlineData("{")]
    public void Load_DamagedIndex_SaysWhichFile(string index)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "ensemble.json"), index);
        Assert.Contains("ensemble.json", Assert.Throws<RlhfException>(() => RewardFolder.Load(folder, CPU)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ScalesThatDoNotFitTheHeads_AreRefused()
    {
        using var ensemble = TinyReward.Ensemble(heads: 2);
        RewardFolder.Save(ensemble, folder, null);
        var path = Path.Combine(folder, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        config["rlhf_reward"]!["scales"] = new JsonArray(new JsonObject { ["gain"] = 1, ["bias"] = 0 });
        File.WriteAllText(path, config.ToJsonString());
        Assert.Contains("1 scales for 2 score heads", Assert.Throws<RlhfException>(() => RewardFolder.Load(folder, CPU)).Message, StringComparison.Ordinal);
    }
}
