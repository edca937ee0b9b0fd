using System.Text.Json.Nodes;
using Rlhf.Foundation;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Evaluation;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Preferences;
using Rlhf.Rewards.Training;
using Rlhf.Rewards.World;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Tests.Training;

public sealed class RewardStageTests : IDisposable
{
    private readonly RewardWorld world = new();

    public void Dispose() => world.Dispose();

    [Fact]
    public void Run_LearnablePairs_BeatsChanceAndWritesWhatItLearned()
    {
        var report = world.Train("run", world.Recipe)!;
        Assert.True(report.Accuracy.Low > 0.5, $"accuracy {report.Accuracy}");
        var config = Config("run");
        Assert.Equal("GPT2ForSequenceClassification", (string?)config["architectures"]![0]);
        Assert.Equal(["SCORE"], config["id2label"]!.AsObject().Select(label => (string?)label.Value));
        var facts = config["rlhf_reward"]!;
        Assert.True((double)facts["scales"]![0]!["gain"]! > 0);
        Assert.NotEqual(0, (double)facts["scales"]![0]!["bias"]!);
        var training = facts["training"]!;
        Assert.Equal(48, (int)training["train_rows"]! + (int)training["eval_rows"]!);
        Assert.Equal(report.Pairs, (int)training["eval_rows"]!);
        Assert.Equal((0, 0, 64), ((int)training["left_out"]!, (int)training["cut"]!, (int)training["max_length"]!));
        Assert.Equal((report.Accuracy.Value, report.LogLoss), ((double)training["accuracy"]!, (double)training["log_loss"]!));
        Assert.Equal(RewardReportJson.Text(report), File.ReadAllText(world.At("run", "trust.json")));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(2, 2)]
    public void Run_LoadedBack_ScoresTheHeldOutPairsTheSame(int heads, int seeds)
    {
        var recipe = world.Recipe with { Heads = heads, Seeds = seeds, Epochs = 1, Ensemble = new EnsembleOptions { Combine = Combination.MeanMinusDeviation, DeviationWeight = 0.5 } };
        world.Train("run", recipe);
        using var loaded = RewardFolder.Load(world.At("run", "final"), CPU);
        Assert.Equal(heads * seeds, loaded.Members);
        var tokenizer = TextTokenizer.Load(RewardFolder.TokenizerFolder(world.At("run", "final")));
        var report = RewardReport.Of(PairJudge.Judge(loaded, RewardData.Load(recipe, tokenizer).HeldOut, tokenizer.PadOrEos));
        Assert.Equal(File.ReadAllText(world.At("run", "trust.json")), RewardReportJson.Text(report));
    }

    [Theory]
    [InlineData(1, 0, 3)]
    [InlineData(1, 0, 11)]
    [InlineData(1, 2, 11)]
    // The first of two models is stopped; then the second, where the first one stays as it is.
    [InlineData(2, 0, 3)]
    [InlineData(2, 0, 26)]
    [InlineData(2, 2, 26)]
    public void Run_StoppedAndContinued_LeavesTheSameFiles(int seeds, int rank, int stopAfter)
    {
        var recipe = world.Recipe with { Seeds = seeds, Lora = new LoraRecipe { Rank = rank }, Heads = 2, Epochs = 4, Patience = 9 };
        world.Train("whole", recipe);
        using (var stop = new CancellationTokenSource())
            Assert.Throws<InterruptedException>(() => world.Train("cut", recipe, new StopAt(stopAfter, stop), stop: stop.Token));
        Assert.False(Directory.Exists(world.At("cut", "final")));
        world.Train("cut", recipe, resume: Resume.Must);
        var (whole, cut) = (world.Final("whole"), world.Final("cut"));
        Assert.Equal(whole.Keys, cut.Keys);
        foreach (var name in whole.Keys.Where(name => Path.GetFileName(name) != "manifest.json")) Assert.True(whole[name].AsSpan().SequenceEqual(cut[name]), name);
    }

    [Fact]
    public void Run_WithAdapters_LearnsAndIsAnOrdinaryModelOnDisk()
    {
        var recipe = world.Recipe with { Lora = new LoraRecipe { Rank = 2 }, Epochs = 12 };
        var report = world.Train("run", recipe)!;
        Assert.True(report.Accuracy.Low > 0.5, $"accuracy {report.Accuracy}");
        Assert.True(File.Exists(world.At("run", "final", "adapter", "adapter_model.safetensors")));
        using var loaded = RewardFolder.Load(world.At("run", "final"), CPU);
        var tokenizer = TextTokenizer.Load(world.At("run", "final"));
        var again = RewardReport.Of(PairJudge.Judge(loaded, RewardData.Load(recipe, tokenizer).HeldOut, tokenizer.PadOrEos));
        Assert.Equal(report.Accuracy.Value, again.Accuracy.Value);
        Assert.Equal(report.MeanMargin, again.MeanMargin, 1e-4);
    }

    [Fact]
    public void Run_HeldOutPairsTurnedAround_StopsEarlyAndTakesTheBestWeights()
    {
        // What is learnt from the pairs is wrong for these.
        var recipe = world.Recipe with { EvalData = world.At("turned.jsonl"), EvalEvery = 2, Patience = 2 };
        var hasty = world.Train("hasty", recipe)!;
        var patient = world.Train("patient", recipe with { Patience = 0 })!;
        Assert.True(Steps("hasty") < Steps("patient"), $"{Steps("hasty")} of {Steps("patient")} steps");
        Assert.True(hasty.LogLoss < patient.LogLoss, $"{hasty.LogLoss} against {patient.LogLoss}");
    }

    [Theory]
    [InlineData(OverLong.Truncate, 0)]
    [InlineData(OverLong.Drop, 1)]
    public void Run_PairsTooLong_AreCutOrLeftOutAndCounted(OverLong overLong, int leftOut)
    {
        // A question has 12 to 17 tokens, a reply at most 16.
        var recipe = world.Recipe with { OverLong = overLong, MaxLength = 24, Epochs = 1 };
        var progress = new StopAt(null);
        world.Train("run", recipe, progress);
        var training = Config("run")["rlhf_reward"]!["training"]!;
        int cut = (int)training["cut"]!, dropped = (int)training["left_out"]!, rows = (int)training["train_rows"]! + (int)training["eval_rows"]!;
        Assert.Equal(48, rows + dropped);
        Assert.InRange(cut + dropped, 10, 47);
        Assert.Equal(leftOut, Math.Min(1, dropped));
        Assert.Equal(1 - leftOut, Math.Min(1, cut));
        var count = overLong == OverLong.Drop ? dropped : cut;
        Assert.Contains(progress.Said, line => line.Contains($"{count}", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_MaxLengthBeyondTheModelsContext_IsCutToTheContext()
    {
        File.WriteAllLines(world.At("long.jsonl"), Enumerable.Range(0, 12).Select(i => $$"""{"prompt": "{{new string('x', 60)}}{{i}}", "chosen": " yes {{i}}", "rejected": "{{new string('n', 70)}}"}"""));
        world.Train("run", world.Recipe with { Data = world.At("long.jsonl"), MaxLength = 500, Epochs = 1 });
        var training = Config("run")["rlhf_reward"]!["training"]!;
        Assert.Equal((64, 12, 12), ((int)training["max_length"]!, (int)training["cut"]!, (int)training["replies_cut"]!));
    }

    [Fact]
    public void Run_DefectiveRow_IsCountedOrEndsTheRun()
    {
        var recipe = world.Recipe with { Data = world.At("broken.jsonl"), Epochs = 1 };
        var progress = new StopAt(null);
        world.Train("run", recipe, progress);
        Assert.Equal(1, (int)Config("run")["rlhf_reward"]!["training"]!["left_out"]!);
        Assert.Contains(progress.Said, line => line.Contains("broken.jsonl", StringComparison.Ordinal));
        var error = Assert.Throws<RlhfException>(() => world.Train("strict", recipe with { OnDefect = OnDefect.Error }));
        Assert.Contains("broken.jsonl", error.Message, StringComparison.Ordinal);
        Assert.Contains("49", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_Labels_TellsHeldOutTextsApartAndRecordsIt()
    {
        world.Train("run", world.Recipe with { Data = world.At("labels.jsonl"), LearnFrom = LearnFrom.Labels, Epochs = 10 });
        var training = Config("run")["rlhf_reward"]!["training"]!;
        Assert.True((double)training["accuracy_low"]! > 0.5, training.ToJsonString());
        Assert.True((double)training["log_loss"]! < 0.6);
    }

    private JsonNode Config(string run) => JsonNode.Parse(File.ReadAllText(world.At(run, "final", "config.json")))!;

    private int Steps(string run) => File.ReadLines(world.At(run, "metrics.jsonl")).Count();
}
