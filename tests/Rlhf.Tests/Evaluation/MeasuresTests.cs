using Rlhf.Evaluation;
using Rlhf.Maths;

namespace Rlhf.Tests.Evaluation;

public sealed class MeasuresTests
{
    [Fact]
    public void WinRate_Ties_CountHalf()
    {
        Assert.Equal(0.5, WinRate.OfPrompt([1], [1]));
        Assert.Equal(0.625, WinRate.OfPrompt([1, 2], [1, 1.5]));   // (½ + 0 + 1 + 1)/4
    }

    [Fact]
    public void WinRate_OfPrompts_IsTheMeanOfThePrompts_WithAnInterval()
    {
        IReadOnlyList<double>[] policy = [[2], [2], [0], [1]], reference = [[1], [1], [1], [1]];
        var rate = WinRate.OfPrompts(policy, reference, new BootstrapOptions { Resamples = 500 });
        Assert.Equal(0.625, rate.Value);
        Assert.InRange(rate.Low, 0, 0.4);   // of four prompts, Student's t of three degrees
        Assert.InRange(rate.High, 0.85, 1);
    }

    [Fact]
    public void WinRate_NaNScore_IsNaN() => Assert.True(double.IsNaN(WinRate.OfPrompt([double.NaN], [1])));

    [Fact]
    public void Distinct_CountsDifferentGramsOverAllResponses()
    {
        int[][] responses = [[1, 2, 1, 2], [1, 2]];
        Assert.Equal(2.0 / 6, Diversity.Distinct(responses, 1));
        Assert.Equal(2.0 / 4, Diversity.Distinct(responses, 2));     // 12, 21, 12 and 12
        Assert.True(double.IsNaN(Diversity.Distinct(responses, 5)));
    }

    [Fact]
    public void Repetition_CountsGramsSeenBeforeInTheSameResponse()
    {
        Assert.Equal(0, Diversity.Repetition([[1, 2, 3, 4]], 2));
        Assert.Equal(1.0 / 3, Diversity.Repetition([[1, 2, 1, 2]], 2), 12);
        Assert.Equal(0.75, Diversity.Repetition([[7, 7, 7, 7, 7]], 2), 12);
        Assert.Equal(0.375, Diversity.Repetition([[7, 7, 7, 7, 7], [1, 2], [9]], 2), 12);   // the last is too short to count
    }

    [Fact]
    public void ScoreScale_GainsAreInStandardDeviationsOfTheReference()
    {
        var scale = ScoreScale.Of([1, 3, 1, 3]);
        Assert.Equal(new ScoreScale(2, 1), scale);
        Assert.Equal([1.5, -0.5], new ScoreScale(2, 2).Gains([5, 0], [2, 1]));
    }

    [Fact]
    public void ScoreScale_ScoresAllTheSame_CountInTheirOwnUnits() => Assert.Equal(new ScoreScale(4, 1), ScoreScale.Of([4, 4]));
}
