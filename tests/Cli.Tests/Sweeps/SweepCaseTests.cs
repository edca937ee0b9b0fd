using Rlhf.Cli.Sweeps;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Evaluation;
using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;
using Rlhf.Tests.Evaluation;

namespace Rlhf.Cli.Tests.Sweeps;

/// <summary>Settings that go together, and what several seeds of one setting say.</summary>
public sealed class SweepCaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Of_CasesAndAGrid_IsEveryCaseWithEveryCombination()
    {
        var sweep = RecipeBinder.Bind<Rlhf.Cli.Stages.Recipe>("sweep:\n  cases:\n    grpo: {ppo.algorithm: grpo, dpo: null}\n    dpo: {ppo: null}\n  grid: {seed: [1, 2]}\n", "recipe.yaml").Sweep!;
        var points = SweepPoint.Of(sweep);
        Assert.Equal(["grpo_seed=1", "grpo_seed=2", "dpo_seed=1", "dpo_seed=2"], points.Select(point => point.Name));
        Assert.Equal(["ppo.algorithm=grpo", "dpo=null", "seed=2"], points[1].Settings.Select(setting => $"{setting.Key}={setting.Value}"));
        Assert.Equal(("grpo", true, false), (points[0].Case, points[0].LeavesOut("dpo"), points[0].LeavesOut("ppo")));
        Assert.True(points[3].LeavesOut("ppo"));
    }

    [Theory]
    [InlineData("sweep:\n  cases: {one: {seed: 3}}\n  grid: {seed: [1, 2]}", "one sets seed, which the grid sets too")]
    [InlineData("sweep:\n  cases: {one: {sft.epochs: 3}}", "one sets sft.epochs, which belongs to a stage that all points share")]
    public void Recipe_WithCasesThatMakeNoSense_IsRefused(string yaml, string message) =>
        Assert.Contains(message, Assert.Throws<RlhfException>(() => RecipeBinder.Bind<Rlhf.Cli.Stages.Recipe>(yaml, "recipe.yaml")).Message);

    [Fact]
    public void DryRun_OfTheStabilityRecipe_ListsFortyPoints()
    {
        var ending = InProcess.Run("sweep", Path.Combine(TestData.Repository, "data", "recipes", "stability.yaml"), $"out={_folder.At("run")}", "--dry-run");
        Assert.True(ending.Code == 0, ending.Error);
        Assert.Equal(40, ending.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("ppo=null seed=10\n", ending.Output);
    }

    [Fact]
    public void Seeds_OfAGroup_AreSummedUp_AndTheOneThatWentWrongIsNamed()
    {
        foreach (var (seed, kl) in new[] { (1, 5.0), (2, 6.0), (3, 4.0), (4, 120.0) }) Point("ppo", seed, kl);
        File.WriteAllText(_folder.At("ppo_seed=4", "log.txt"), "$ rlhf ppo\nppo: 50 to do\nwarning: step 31: entropy fell from 1.80 to 0.20 per token\nwarning: step 40: other\n");
        Point("dpo", 1, 3);
        var group = Assert.Single(SeedSummary.Of(SweepResult.Read(_folder.Path)));
        Assert.Equal(("ppo", 4), (group.Group, group.Seeds));
        Assert.Equal(4, group.Kl.Count);
        Assert.InRange(group.Kl[^1], 110, 130);
        Assert.True(group.Gains[0] < 0);
        Assert.Equal(0.75, group.Above.Value);
        var wrong = Assert.Single(group.Wrong);
        Assert.Equal(("ppo_seed=4", "step 31: entropy fell from 1.80 to 0.20 per token"), (wrong.Name, wrong.Diagnosis));
        var html = SweepReport.Html(SweepResult.Read(_folder.Path));
        Assert.Contains("id=\"seeds\"", html);
        Assert.Contains("75% [30%, 95%]", html);    // Wilson's interval of 3 of 4
        Assert.Contains("entropy fell from 1.80", html);
    }

    [Fact]
    public void Seeds_FailedRun_CountsAsBelowTheReference()
    {
        foreach (var seed in new[] { 1, 2, 3 }) Point("ppo", seed, 5);
        new PointState { Name = "ppo_seed=4", Case = "ppo", Settings = new Dictionary<string, string> { ["seed"] = "4" }, Status = PointStatus.Failed, Stage = "ppo", Error = "ended with 1: the score is no number" }
            .Write(Directory.CreateDirectory(_folder.At("ppo_seed=4")).FullName);
        var group = Assert.Single(SeedSummary.Of(SweepResult.Read(_folder.Path)));
        Assert.Equal(0.75, group.Above.Value);
        Assert.Equal("ended with 1: the score is no number", Assert.Single(group.Wrong).Diagnosis);
    }

    private void Point(string name, int seed, double kl)
    {
        var place = Directory.CreateDirectory(_folder.At($"{name}_seed={seed}")).FullName;
        new PointState { Name = $"{name}_seed={seed}", Case = name, Settings = new Dictionary<string, string> { ["seed"] = $"{seed}" }, Status = PointStatus.Done }.Write(place);
        CurveJson.Write(SampleCurves.Of(SampleCurves.Policies(name, [kl])), Path.Combine(place, "curve.json"));
    }
}
