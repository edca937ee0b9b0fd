using Rlhf.Cli.Stages;
using Rlhf.Cli.Study;
using Rlhf.Evaluation.Study;
using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Cli.Tests.Study;

public sealed class StudyPlanTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StudyPlan _plan = new(new StudyRecipe(), "runs/study");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Plan_OfTheDefaults_HasSixKindsAndThirtyPolicies()
    {
        Assert.Equal(6, _plan.Kinds.Count);
        Assert.Equal(2 * (5 + 2 + 2), _plan.Kinds.Sum(_plan.Members));
        var policies = _plan.Policies();
        Assert.Equal(30, policies.Count);
        Assert.Equal(30, policies.Select(policy => _plan.Point(policy).Name).Distinct().Count());
        Assert.Equal([0, 0.05, 0.2], policies.Where(policy => policy.Target == new StudyTarget(1000, 0)).Select(policy => policy.Price).Distinct());
        Assert.Equal([0.0], policies.Where(policy => policy.Target == new StudyTarget(4000, 0.25)).Select(policy => policy.Price).Distinct());
        Assert.All(policies.Where(policy => policy.Target.Ensemble is not null), policy => Assert.Equal((1000, 0.25), (policy.Target.Pairs, policy.Target.Noise)));
        Assert.Equal([2, 4, 8, 16, 32, 64, 128, 256, 512, 1024], _plan.Counts);
    }

    [Fact]
    public void Point_OfAPolicy_NamesItsScorerPriceAndSeed()
    {
        var alone = _plan.Point(new PolicyPlan(new StudyTarget(1000, 0.25), 0.05, 2));
        Assert.Equal("pairs=1000_noise=0.25_price=0.05_seed=2", alone.Name);
        Assert.Equal(["ppo.score.reward_model.path=runs/study/rewards/pairs=1000_noise=0.25/reward/final/member-2", "ppo.kl.coefficient=0.05", "seed=2"], alone.Settings.Select(one => $"{one.Key}={one.Value}"));
        Assert.Contains(KeyValuePair.Create("ppo.score.reward_model.path", "runs/study/rewards/pairs=1000_noise=0.25/wco"), _plan.Point(new PolicyPlan(new StudyTarget(1000, 0.25, Combination.Minimum), 0, 1)).Settings);
    }

    [Fact]
    public void Pairs_SmallerSets_ArePartsOfLargerOnes_AndFlipsStay()
    {
        PreferencePair[] all = [.. Enumerable.Range(0, 3000).Select(i => new PreferencePair($"prompt {i}", $" good {i}", $" bad {i}") { ChosenScore = 2, RejectedScore = 1 })];
        var sample = new PairSample(all, 0.1, 1);
        var (clean, noisy, few) = (sample.Of(new StudyTarget(2000, 0)), sample.Of(new StudyTarget(2000, 0.25)), sample.Of(new StudyTarget(500, 0.25)));
        Assert.Equal(clean.Select(pair => pair.Prompt), noisy.Select(pair => pair.Prompt));
        Assert.Equal(noisy.Take(500), few);
        Assert.All(clean, pair => Assert.StartsWith(" good", pair.Chosen));
        var flipped = noisy.Count(pair => pair.Chosen.StartsWith(" bad", StringComparison.Ordinal));
        Assert.InRange(flipped, 440, 560);       // 500 ± 3 standard deviations of 19.4
        Assert.All(noisy, pair => Assert.Equal(pair.Chosen.StartsWith(" bad", StringComparison.Ordinal) ? (1.0, 2.0) : (2.0, 1.0), (pair.ChosenScore!.Value, pair.RejectedScore!.Value)));
        Assert.DoesNotContain(clean, pair => PromptSplit.IsHeldOut(pair.Prompt, 0.1));
        Assert.Contains("beside those that are held out", Assert.Throws<RlhfException>(() => sample.Of(new StudyTarget(2900, 0))).Message);
    }

    [Fact]
    public void Cache_LineThatACrashCutShort_IsDroppedAndTheRestKept()
    {
        using (var cache = PromptCache<PoolSamples>.Open(_folder.Path, "samples", "key", default))
        {
            cache.Add(0, new PoolSamples([[1, 2]], [0.5]));
            cache.Add(7, new PoolSamples([[3]], [1.5]));
        }

        var file = Directory.GetFiles(_folder.Path).Single();
        File.AppendAllText(file, "{\"prompt\":8,\"fou");
        using (var cache = PromptCache<PoolSamples>.Open(_folder.Path, "samples", "key", default))
        {
            Assert.Equal([3], cache.Find(7)!.Tokens[0]);
            Assert.Null(cache.Find(8));
            cache.Add(8, new PoolSamples([[4]], [2.5]));
        }

        using (var cache = PromptCache<PoolSamples>.Open(_folder.Path, "samples", "key", default)) Assert.Equal([2.5], cache.Find(8)!.Gold);
        using (var other = PromptCache<PoolSamples>.Open(_folder.Path, "samples", "another key", default)) Assert.Null(other.Find(0));
    }

    [Theory]
    [InlineData("sizes: [1000, 250]", "each larger than the one before")]
    [InlineData("noise: [0, 0.75]", "turns the labels round")]
    [InlineData("focus: 300", "expected one of sizes (250, 1000, 4000)")]
    [InlineData("prices: [0.1, 0.1]", "each larger than the one before")]
    [InlineData("seeds: [1]", "two seeds or more")]
    [InlineData("seeds: [1, 2, 3, 4, 5, 6]", "no more seeds than members")]
    public void Recipe_ThatMakesNoSense_IsRefused(string line, string message) =>
        Assert.Contains(message, Assert.Throws<RlhfException>(() => RecipeBinder.Bind<Recipe>($"study:\n  {line}\n", "recipe.yaml")).Message);

    [Fact]
    public void Arms_BestOfNByAnEnsemble_ChoosesByTheCombinedScore()
    {
        // Two prompts of four samples; member 1 likes the third, member 2 hates it: their minimum takes the second.
        var samples = new PoolSamples([[1], [2], [3], [4]], [1, 3, 0, 2]);
        var scores = new PoolScores([[0f, 1f, 9f, 0.5f], [0f, 1f, -9f, 0.5f]]);
        var study = new StudyRecipe { Sizes = [10], Noise = [0], Focus = 10, Members = 2, BestOf = 4 };
        var plan = new StudyPlan(study, "runs/study");
        var pool = new SamplePool([samples, samples], new Dictionary<StudyTarget, IReadOnlyList<PoolScores>> { [plan.Kinds[0]] = [scores, scores] });
        var arms = StudyArms.BestOfN(plan, study, pool).ToArray();
        var spread = Math.Sqrt(1.25);            // of 1, 3, 0, 2
        Assert.Equal((0 - 1.5) / spread, Last(arms, null, 0), 12);
        Assert.Equal((3 - 1.5) / spread, Last(arms, null, 1), 12);
        Assert.Equal((3 - 1.5) / spread, Last(arms, Combination.Minimum, 0), 12);
        Assert.Equal((3 - 1.5) / spread, Last(arms, Combination.MeanMinusVariance, 0), 12);
        // n = 2 of the six pairs by the minimum (0, 1, −9, 0.5): 3, 1, 2, 3, 3, 2
        Assert.Equal((14 / 6.0 - 1.5) / spread, arms.Single(arm => arm.Target.Ensemble == Combination.Minimum).Runs[0].Points[0].GoldGain![1], 12);
    }

    private static double Last(IEnumerable<StudyArm> arms, Combination? ensemble, int run) => arms.Single(arm => arm.Target.Ensemble == ensemble).Runs[run].Points[^1].GoldGain![0];
}
