using System.Text.Json;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Checkpoints;
using Rlhf.Tests.Ppo;

namespace Rlhf.Cli.Tests.Commands;

/// <summary><c>rlhf reward</c> and <c>rlhf reward eval</c> as a user runs them.</summary>
public sealed class RewardCommandTests : IDisposable
{
    private readonly TinyWorld _world = new();
    private readonly string _model, _pairs, _out;

    public RewardCommandTests()
    {
        (_model, _pairs, _out) = (_world.Folder("out/sft/final"), _world.Folder("pairs.jsonl"), _world.Folder("out"));
        using (var model = _world.Model()) ModelFolder.Save(model, _model, new SaveOptions { TokenizerFrom = _world.TokenizerFolder });
        File.WriteAllLines(_pairs, [.. Enumerable.Range(0, 60).Select(i => $$"""{"prompt": "ask {{i}}?", "chosen": " yes{{i % 3}}", "rejected": " no{{i % 5}}", "gold_chosen": {{i % 4}}, "gold_rejected": 1}"""),
            """{"prompt": "same?", "chosen": " it", "rejected": " it"}"""]);
    }

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Reward_ThenEval_PrintsTheSameReport()
    {
        var trained = Train("--json");
        Assert.Contains("identical", trained.Error, StringComparison.Ordinal);
        var report = JsonDocument.Parse(trained.Output).RootElement;
        var accuracy = report.GetProperty("accuracy");
        Assert.True(accuracy.GetProperty("low").GetDouble() > 0.5, trained.Output);
        Assert.Equal(report.GetProperty("pairs").GetInt32(), accuracy.GetProperty("count").GetInt32());
        // A judge who knows the scores: right where i mod 4 is above 1, undecided at 1.
        Assert.InRange(report.GetProperty("gold").GetProperty("ceiling").GetProperty("value").GetDouble(), 0.3, 0.9);
        Assert.True(report.GetProperty("calibration").GetProperty("bins").GetArrayLength() > 0);
        foreach (var (part, field) in new[] { ("calibration", "expected_error"), ("length", "advantage_low"), ("length", "advantage_high"), ("length", "correlation") })
            Assert.Equal(JsonValueKind.Number, report.GetProperty(part).GetProperty(field).ValueKind);
        Assert.Equal(JsonValueKind.Number, report.GetProperty("log_loss").ValueKind);

        var again = InProcess.Run("reward", "eval", $"{_out}/reward/final", _pairs, "eval_share=0.5", "--json");
        Assert.Equal(0, again.Code);
        Assert.Equal(trained.Output, again.Output);
    }

    [Fact]
    public void RewardEval_Out_LeavesThePageTheNumbersAndAChartOfEachKind()
    {
        Train();
        var folder = _world.Folder("trust");
        var ending = InProcess.Run("reward", "eval", $"{_out}/reward/final", _pairs, $"out={folder}");
        Assert.Equal(0, ending.Code);
        Assert.Contains("ceiling (label noise)", ending.Output, StringComparison.Ordinal);
        Assert.Equal(["by-length.svg", "calibration.svg", "margins.svg", "trust.html", "trust.json"], Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Contains("How far to trust the reward model", File.ReadAllText(Path.Combine(folder, "trust.html")), StringComparison.Ordinal);
        foreach (var chart in Directory.EnumerateFiles(folder, "*.svg")) System.Xml.Linq.XDocument.Load(chart);
    }

    [Fact]
    public void Reward_WithoutAModel_StartsFromTheSftStageAndNormalizesOnItsSamples()
    {
        Train();
        var training = JsonDocument.Parse(File.ReadAllText($"{_out}/reward/final/config.json")).RootElement.GetProperty("rlhf_reward").GetProperty("training");
        Assert.Equal((_model, _model), (training.GetProperty("start").GetString(), training.GetProperty("normalized_on").GetString()));
    }

    [Fact]
    public void Reward_MissingColumn_NamesTheFileAndTheColumn()
    {
        var ending = InProcess.Run("reward", $"out={_out}", $"reward.data={_pairs}", "reward.columns.chosen=better");
        Assert.Equal(1, ending.Code);
        Assert.Contains(_pairs, ending.Error, StringComparison.Ordinal);
        Assert.Contains("better", ending.Error, StringComparison.Ordinal);
    }

    private InProcess.Ending Train(params string[] more)
    {
        var ending = InProcess.Run(["reward", $"out={_out}", $"reward.data={_pairs}", "reward.eval_share=0.5", "reward.epochs=20", "reward.batch_size=8", "reward.eval_every=0",
            "reward.optimizer.learning_rate=2e-2", "reward.optimizer.warmup_steps=0", "reward.normalization.samples=24", "reward.normalization.sampling.max_new_tokens=8", .. more]);
        Assert.True(ending.Code == 0, ending.Error);
        return ending;
    }
}
