using Rlhf.Cli.Tests.Whole;

namespace Rlhf.Cli.Tests.Sweeps;

public sealed class SweepCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void DryRun_ListsThePointsAndDoesNothing()
    {
        var ending = InProcess.Run("sweep", $"out={_folder.At("run")}", "sweep.grid={seed: [1, 2], device: [cpu]}", "--dry-run");
        Assert.Equal(0, ending.Code);
        Assert.Equal("seed=1 device=cpu\nseed=2 device=cpu\n", ending.Output);
        Assert.False(Directory.Exists(_folder.At("run")));
    }

    [Theory]
    [InlineData("nothing shared")]
    [InlineData("tokenizer", "tokenizer.data=[texts.jsonl]")]
    [InlineData("tokenizer, sft, reward", "tokenizer.data=[texts.jsonl]", "sft.data=texts.jsonl", "reward.data=pairs.jsonl")]
    [InlineData("sft", "tokenizer.data=[texts.jsonl]", "sft.data=texts.jsonl", "sweep.shared=[sft]")]
    public void Shared_AreTheStagesOfTheRecipe(string expected, params string[] words)
    {
        var ending = InProcess.Run(["sweep", $"out={_folder.At("run")}", "sweep.grid={seed: [1, 2]}", "--dry-run", .. words]);
        Assert.Contains($"2 points, 1 at a time: ppo, curve at each, after {expected}\n", ending.Error);
    }

    [Fact]
    public void Shared_TokenizerOfTheRecipe_IsTrained()
    {
        var texts = Path.Combine(TestData.Repository, "data", "world", "prompts.eval.parquet");
        var ending = ProgramProcess.Run(_folder.Path, "sweep", "out=run", "sweep.grid={seed: [1, 2]}", "sweep.part=shared", $"tokenizer.data=[{texts}]", "tokenizer.columns=[prompt]", "tokenizer.vocabulary_size=260");
        Assert.True(ending.Code == 0, ending.Error);
        Assert.True(File.Exists(_folder.At("run", "tokenizer", "final", "tokenizer.json")));
    }

    [Theory]
    [InlineData("sweep.grid={sead: [1]}", "unknown key 'sead'; did you mean 'seed'?")]
    [InlineData("sweep.grid={seed: [one]}", "expected a whole number")]
    [InlineData("sweep.parallel=2", "no grid given")]
    public void Grid_ThatCannotRun_IsRefusedBeforeAnythingRuns(string word, string message)
    {
        var ending = InProcess.Run("sweep", $"out={_folder.At("run")}", word);
        Assert.NotEqual(0, ending.Code);
        Assert.Contains(message, ending.Error);
        Assert.False(Directory.Exists(_folder.At("run")));
    }

    [Fact]
    public void Index_BeyondTheGrid_SaysHowManyPointsThereAre() =>
        Assert.Contains("the grid has 2 points, so expected 0 to 1", InProcess.Run("sweep", $"out={_folder.At("run")}", "sweep.grid={seed: [1, 2]}", "sweep.part=point", "sweep.index=2").Error);

    [Fact]
    public void Report_OfASweep_IsWrittenByTheReportCommandToo()
    {
        SweepReportTests.Sweep(_folder.Path);
        var ending = InProcess.Run("report", _folder.Path);
        Assert.Equal(0, ending.Code);
        Assert.Contains("Report of a sweep", File.ReadAllText(_folder.At("report.html")));
    }
}
