using System.Text.Json;
using Rlhf.Cli.Tests.Scripts;
using Rlhf.Cli.Tests.Whole;

namespace Rlhf.Cli.Tests.Commands;

/// <summary>The whole pipeline at its smallest, in processes of its own.</summary>
public sealed class DemoTests : IDisposable
{
    private static readonly string[] s_small =
    [
        "sft.epochs=0.05", "sft.from_scratch.width=32", "sft.from_scratch.layers=2", "sft.from_scratch.heads=2", "reward.epochs=0.05",
        "ppo.steps=2", "ppo.episodes=8", "ppo.sampling.max_new_tokens=16", "curve.max_prompts=8", "curve.samples=2", "curve.best_of=2", "threads=1",
    ];

    private readonly Bash _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Demo_Small_LeavesEveryStageAReportAndASummaryAndIsPassedOverTheSecondTime()
    {
        var first = ProgramProcess.Run(_shell.Folder, ["demo", .. s_small]);

        Assert.True(first.Code == 0, first.Error);
        Assert.True(File.Exists(Path.Combine(_shell.Folder, "runs", "demo", "curve", "curve.svg")));
        foreach (var stage in new[] { "tokenizer", "sft", "reward", "ppo" }) Assert.True(File.Exists(Path.Combine(_shell.Folder, "runs", "demo", stage, "final", "manifest.json")), stage);
        foreach (var stage in new[] { "sft", "reward", "ppo" }) Assert.StartsWith("---\nlibrary_name: transformers\n", File.ReadAllText(Path.Combine(_shell.Folder, "runs", "demo", stage, "final", "README.md")), StringComparison.Ordinal);
        Assert.Contains("| KL from the reference, nats per response |", File.ReadAllText(Path.Combine(_shell.Folder, "runs", "demo", "ppo", "final", "README.md")), StringComparison.Ordinal);
        foreach (var line in new[] { "gold score", "reward model's score", "KL from the reference (nats)", "wins against the reference", "    before [", "    after  [" })
            Assert.Contains(line, first.Output, StringComparison.Ordinal);
        Assert.EndsWith($"report: {Path.Combine(_shell.Folder, "runs", "demo", "report.html")}\n", first.Output, StringComparison.Ordinal);
        var metrics = File.ReadAllText(Path.Combine(_shell.Folder, "runs", "demo", "ppo", "metrics.jsonl"));

        var second = ProgramProcess.Run(_shell.Folder, ["demo", "--json", .. s_small]);

        Assert.Equal(0, second.Code);
        Assert.True(JsonDocument.Parse(second.Output).RootElement.GetProperty("changes").GetArrayLength() >= 3);
        foreach (var stage in new[] { "tokenizer", "sft", "reward", "ppo" }) Assert.DoesNotMatch($@"\n{stage}: \d+ to do", second.Error);
        Assert.Equal(metrics, File.ReadAllText(Path.Combine(_shell.Folder, "runs", "demo", "ppo", "metrics.jsonl")));
    }

    [Fact]
    public void Demo_RecipeWithoutStages_SaysWhatIsMissing()
    {
        File.WriteAllText(Path.Combine(_shell.Folder, "empty.yaml"), "name: x\n");

        var ending = InProcess.Run("demo", Path.Combine(_shell.Folder, "empty.yaml"));

        Assert.Equal((2, "rlhf demo: the recipe has no section of a stage; expected tokenizer, sft, reward, ppo or dpo\n"), (ending.Code, ending.Error));
    }
}
