using Rlhf.Cli.Sweeps;
using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Cli.Tests.Sweeps;

public sealed class SweepPointTests
{
    [Fact]
    public void Of_Grid_IsEveryCombinationLastKeyFastest()
    {
        var points = SweepPoint.Of(new Dictionary<string, string[]> { ["ppo.kl.beta"] = ["0.1", "0.3"], ["seed"] = ["1", "2"] });
        Assert.Equal(["beta=0.1_seed=1", "beta=0.1_seed=2", "beta=0.3_seed=1", "beta=0.3_seed=2"], points.Select(point => point.Name));
        Assert.Equal([KeyValuePair.Create("ppo.kl.beta", "0.3"), KeyValuePair.Create("seed", "1")], points[2].Settings);
    }

    [Fact]
    public void Of_KeysThatEndAlike_AreNamedInFull() =>
        Assert.Equal("ppo.steps=1_sft.steps=2", SweepPoint.Of(new Dictionary<string, string[]> { ["ppo.steps"] = ["1"], ["sft.steps"] = ["2"] })[0].Name);

    [Fact]
    public void Of_ValuesNoFolderCanBeNamedAfter_StillHaveFoldersOfTheirOwn()
    {
        var points = SweepPoint.Of(new Dictionary<string, string[]> { ["data"] = ["a/b", "a:b", "../../etc"] });
        Assert.Equal(3, points.Select(point => point.Name).Distinct().Count());
        Assert.All(points, point => Assert.DoesNotContain('/', point.Name));
    }

    [Theory]
    [InlineData("sweep:\n  grid: {seed: []}", "seed has no values")]
    [InlineData("sweep:\n  grid: {seed: [1, 1]}", "a value twice")]
    [InlineData("sweep:\n  grid: {sft.steps: [1, 2]}", "sft.steps belongs to a stage that all points share")]
    [InlineData("sweep:\n  grid: {tokenizer.vocabulary_size: [300, 400]}", "move 'tokenizer' from sweep.shared to sweep.stages")]
    [InlineData("sweep:\n  grid: {seed: [1]}\n  stages: []", "no stage to run")]
    [InlineData("sweep:\n  grid: {seed: [1]}\n  stages: [sft]", "both shared and run at every point")]
    [InlineData("sweep:\n  parallel: 0", "expected")]
    public void Recipe_ThatMakesNoSense_IsRefused(string yaml, string message) =>
        Assert.Contains(message, Assert.Throws<RlhfException>(() => RecipeBinder.Bind<Rlhf.Cli.Stages.Recipe>(yaml, "recipe.yaml")).Message);
}
