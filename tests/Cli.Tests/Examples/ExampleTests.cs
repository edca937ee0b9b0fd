using System.Diagnostics;
using System.Text.Json;
using Rlhf.Evaluation;
using Rlhf.Policies.Checkpoints;
using Rlhf.Tests.Ppo;

namespace Rlhf.Cli.Tests.Examples;

/// <summary>The example programs, on a tiny model.</summary>
public sealed class ExampleTests : IDisposable
{
    private readonly TinyWorld _world = new();

    public ExampleTests()
    {
        using var model = _world.Model(context: 128);
        ModelFolder.Save(model, _world.Folder("model"), new SaveOptions { TokenizerFrom = _world.TokenizerFolder });
    }

    public void Dispose() => _world.Dispose();

    [Fact]
    public void CustomReward_FewSteps_LeavesAModelAndIsDoneTheSecondTime()
    {
        var said = Run("CustomReward", "model", "run", "2");

        Assert.StartsWith("the model is in run/final", said, StringComparison.Ordinal);
        using (var trained = ModelFolder.Load(_world.Folder("run/final"), TorchSharp.torch.CPU)) Assert.Equal(128, trained.Config.Context);
        var metrics = File.ReadAllLines(_world.Folder("run/metrics.jsonl"));
        Assert.Equal(2, metrics.Length);
        // No colour in random letters: minus a two-hundredth of the letters.
        Assert.InRange(JsonDocument.Parse(metrics[0]).RootElement.GetProperty("raw_score").GetDouble(), -40.0 / 200, -1e-6);

        Assert.Equal(said, Run("CustomReward", "model", "run", "2"));
        Assert.Equal(metrics, File.ReadAllLines(_world.Folder("run/metrics.jsonl")));
    }

    [Fact]
    public void PreferenceLoop_TwoRounds_LearnsFromAllLabelsSoFar()
    {
        var said = Run("PreferenceLoop", "model", "loop", "2", "30", "1").Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(2, said.Length);
        Assert.EndsWith("the policy is in loop/round-2/ppo/final", said[1], StringComparison.Ordinal);
        var (first, second) = (File.ReadAllLines(_world.Folder("loop/round-1/pairs.jsonl")), File.ReadAllLines(_world.Folder("loop/round-2/pairs.jsonl")));
        Assert.InRange(first.Length, 1, 30);
        Assert.Equal(first, second[..first.Length]);
        Assert.True(second.Length > first.Length);
        foreach (var line in second)
        {
            var pair = JsonDocument.Parse(line).RootElement;
            Assert.True(Letters(pair.GetProperty("chosen")) > Letters(pair.GetProperty("rejected")), line);
        }

        Assert.True(File.Exists(_world.Folder("loop/round-2/reward/final/config.json")));
    }

    [Fact]
    public void Evaluate_ReferenceAgainstItselfAndATrainedModel_SaysHowFarTheyDrifted()
    {
        Run("CustomReward", "model", "run", "2");

        var said = Run("Evaluate", "model", "curve.json", "2", "model", "run/final");

        var curve = CurveJson.Read(_world.Folder("curve.json"));
        Assert.Equal(0, curve.Points[0].Kl.Exact.Value);
        Assert.True(curve.Points[1].Kl.Exact.Value > 0);
        Assert.Equal((5, 2, "short", "colour"), (curve.Prompts, curve.SamplesPerPrompt, curve.ProxyName, curve.GoldName));
        Assert.Contains("0.00 [0.00, 0.00]", said, StringComparison.Ordinal);
        Assert.Contains(Judge.Of(curve).Headline, said, StringComparison.Ordinal);
    }

    private static int Letters(JsonElement text) => text.GetString()!.Distinct().Count();

    private string Run(string example, params string[] words)
    {
        var program = Path.Combine(TestData.Repository, "examples", example, "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", $"{example}.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, .. words]) { WorkingDirectory = _world.Folder("."), RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error.Result);
        return output;
    }
}
