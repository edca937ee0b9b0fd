using System.Text.Json;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Rewards.Models;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Tests.Models;

/// <summary>A head on the trunk of each family reads what transformers' own head over tokens reads at a text's last token.</summary>
public sealed class RewardFamilyTests
{
    // Tokens whose rows of the head over tokens are taken as reward heads.
    private static readonly int[] Tokens = [3, 40, 117];

    public static TheoryData<string> Names => [.. TestData.Families];

    [Theory, MemberData(nameof(Names))]
    public void Score_RowsOfTheTokenHeadAsHeads_AreTheLogitsOfTransformersAndSurviveSaving(string name)
    {
        var golden = TestData.At("golden", "families", name);
        Assert.SkipUnless(Directory.Exists(golden), TestData.Reason);
        using var folder = new TemporaryFolder();
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(golden, "golden.json")));
        var lengths = json.RootElement.GetProperty("lengths").Deserialize<int[]>()!;
        int[][] rows = [.. json.RootElement.GetProperty("input_ids").Deserialize<int[][]>()!.Zip(lengths, (ids, length) => ids[..length])];
        var expected = json.RootElement.GetProperty("logits").Deserialize<float[][][]>()!;
        using var model = ModelFolder.Load(golden, CPU);
        using var ensemble = new RewardEnsemble([new RewardModel(model.Trunk, model.HeadWeight.detach()[tensor(Tokens.Select(id => (long)id).ToArray())].clone())], new EnsembleOptions());

        var scores = ensemble.Score(rows, pad: 0);

        foreach (var (score, row) in scores.Zip(expected, (score, places) => (score, places[^1])))
            Assert.All(Tokens.Zip(score.Logits), pair => Assert.Equal(row[pair.First], Head(pair.Second, model.Config), 5e-5));
        RewardFolder.Save(ensemble, folder.Path, null);
        using var loaded = RewardFolder.Load(folder.Path, CPU);
        Assert.Equal(scores.SelectMany(score => score.Logits), loaded.Score(rows, pad: 0).SelectMany(score => score.Logits));
    }

    // The cap is the head's over tokens, and no reward head's.
    private static double Head(double product, TransformerConfig config) => config.LogitCap is { } cap ? cap * Math.Tanh(product / cap) : product;
}
