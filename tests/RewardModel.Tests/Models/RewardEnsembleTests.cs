using Rlhf.Foundation;
using Rlhf.Rewards.Models;

namespace Rlhf.Rewards.Tests.Models;

public class RewardEnsembleTests
{
    private static readonly int[][] Rows = [.. Enumerable.Range(0, 30).Select(seed => TinyReward.Row(3 + seed % 7, seed))];

    [Theory]
    [InlineData(Combination.Mean, 3, 7.0 / 3)]
    [InlineData(Combination.Minimum, 3, 1)]
    // The population deviation of 1, 2, 4 is √(14/9).
    [InlineData(Combination.MeanMinusDeviation, 0.5, 7.0 / 3 - 0.5 * 1.2472191289246)]
    public void Combine_ThreeScores_IsTheHandComputedNumber(Combination rule, double weight, double expected) =>
        Assert.Equal(expected, new EnsembleOptions { Combine = rule, DeviationWeight = weight }.Apply([1, 2, 4]), 1e-12);

    [Theory]
    [InlineData(0.5, 7.0 / 3 - 0.5 * 14 / 9)]   // the population variance of 1, 2, 4 is 14/9
    [InlineData(0, 7.0 / 3)]
    public void Combine_ByVariance_CostsTheVarianceTimesItsWeight(double weight, double expected) =>
        Assert.Equal(expected, new EnsembleOptions { Combine = Combination.MeanMinusVariance, VarianceWeight = weight, DeviationWeight = 9 }.Apply([1, 2, 4]), 1e-12);

    [Fact]
    public void Score_TextBeyondTheContext_IsThatOfItsEnd()
    {
        using var ensemble = TinyReward.Ensemble();
        var row = TinyReward.Row(70);
        var scores = ensemble.Score([row, row[6..]], TinyReward.Pad);
        Assert.Equal(scores[1].Score, scores[0].Score, 1e-6);
    }

    [Fact]
    public void ScoreScale_FourScores_GivesMeanZeroAndDeviationOne()
    {
        // Mean 3, deviation √5: gain 1/√5, bias −3/√5
        var scale = ScoreScale.Fit([0, 2, 4, 6]);
        Assert.Equal(1 / Math.Sqrt(5), scale.Gain, 1e-12);
        Assert.Equal(-3 / Math.Sqrt(5), scale.Bias, 1e-12);
        Assert.Equal(0, scale.Apply(3), 1e-12);
    }

    [Fact]
    public void ScoreScale_EqualOrBrokenScores_AreRefused()
    {
        Assert.Contains("same score", Assert.Throws<RlhfException>(() => ScoreScale.Fit([2, 2, 2])).Message, StringComparison.Ordinal);
        Assert.Contains("not finite", Assert.Throws<RlhfException>(() => ScoreScale.Fit([1, double.NaN])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Combination.Mean)]
    [InlineData(Combination.Minimum)]
    [InlineData(Combination.MeanMinusDeviation)]
    public void Normalize_ReferenceSamples_ThenScoreZeroOnAverageWithDeviationOne(Combination rule)
    {
        using var ensemble = new RewardEnsemble([TinyReward.Create(2), TinyReward.Create(1, seed: 5)], new EnsembleOptions { Combine = rule });
        Assert.Equal(3, ensemble.Members);
        ensemble.Normalize(ensemble.Score(Rows, TinyReward.Pad));
        var scores = ensemble.Score(Rows, TinyReward.Pad);
        var mean = scores.Average(score => score.Score);
        Assert.Equal(0, mean, 1e-9);
        Assert.Equal(1, Math.Sqrt(scores.Average(score => Math.Pow(score.Score - mean, 2))), 1e-9);
        foreach (var (head, scale) in ensemble.Models.SelectMany(model => model.Scales).Index())
            Assert.Equal(0, scores.Average(score => scale.Apply(score.Logits[head])), 1e-9);
    }

    [Fact]
    public void Score_TwoModels_JoinsTheirMembersInOrder()
    {
        using var first = TinyReward.Create(2);
        using var second = TinyReward.Create(1, seed: 5);
        var apart = new[] { first, second }.Select(model => new RewardEnsemble([model], new EnsembleOptions()).Score(Rows, TinyReward.Pad)[4].Logits).ToArray();
        var together = new RewardEnsemble([first, second], new EnsembleOptions()).Score(Rows, TinyReward.Pad)[4];
        Assert.Equal([.. apart[0], .. apart[1]], together.Logits);
        Assert.Equal(together.Logits.Average(), together.Score, 1e-12);
    }
}
