using Rlhf.Evaluation;

namespace Rlhf.Tests.Evaluation;

public sealed class JudgeTests
{
    [Fact]
    public void Interval_BoundFarBeyondWhatWasMeasured_IsNoNumber() => Assert.Equal("2.5 [1.1, ?]", Wording.Interval(new Estimate(2.5, 1.1, 807238), most: 35));

    [Fact]
    public void Of_GoldThatTurnsOver_SaysSoAndRecommendsACheckpointBeforeTheFall()
    {
        var verdict = Judge.Of(SampleCurves.Overoptimised());
        Assert.Equal(VerdictKind.OverOptimised, verdict.Kind);
        Assert.StartsWith("Over-optimised", verdict.Headline);
        Assert.InRange(verdict.Recommended!.Kl.Best.Value, 1, 15);
        Assert.Contains($"demo step {verdict.Recommended.Step}", verdict.Headline);
        Assert.Contains(verdict.Reasons, reason => reason.Contains("puts gold's peak at KL 7"));
        Assert.Empty(verdict.Missing);
    }

    [Fact]
    public void Of_GoldThatOnlyRises_IsAGain()
    {
        var verdict = Judge.Of(SampleCurves.Of(SampleCurves.Policies("demo", [0.5, 1, 2, 4])));
        Assert.Equal(VerdictKind.Gained, verdict.Kind);
        Assert.Contains("A real gain", verdict.Headline);
    }

    [Fact]
    public void Of_RunThatDriftedTooFarAndCameBack_IsAGain()
    {
        var verdict = Judge.Of(SampleCurves.Of(SampleCurves.Policies("demo", [3, 25, 7])));
        Assert.Equal(VerdictKind.Gained, verdict.Kind);
        Assert.NotEqual(40, verdict.Recommended!.Step);
    }

    [Fact]
    public void Of_AnotherRunThatWentFurther_IsOverOptimisedOnlyIfItHasMoreOfTheProxy()
    {
        var curve = SampleCurves.Of([.. SampleCurves.Policies("short", [0.5, 2, 7]), .. SampleCurves.Policies("long", [20, 30, 40])]);
        var verdict = Judge.Of(curve);
        Assert.Equal(VerdictKind.OverOptimised, verdict.Kind);
        Assert.StartsWith("Over-optimised: gold is highest at KL 7.", verdict.Headline);
        Assert.Contains("and lower where long went further. Use short step", verdict.Headline);

        // One that is worse by both learned less, and says nothing about the other.
        var worse = curve.Points.Select(point => point.Run == "long" ? point with { ProxyGain = new Estimate(0.1, 0, 0.2) } : point);
        Assert.Equal(VerdictKind.Gained, Judge.Of(curve with { Points = [.. worse] }).Kind);
    }

    [Fact]
    public void Of_CheckpointsOfAlmostOneKl_AreNotToldApartByEqualNumbers()
    {
        var curve = SampleCurves.Of(SampleCurves.Policies("demo", [13, 13.2]));
        var points = curve.Points.Select((point, i) => point with { Kl = point.Kl with { Exact = new Estimate(13 + 0.2 * i, 12, 14), K1 = new Estimate(13 + 0.2 * i, 12, 14) }, GoldGain = new Estimate(0.9 + 0.02 * i, 0.8, 1) });
        Assert.Contains(Judge.Of(curve with { Points = [.. points] }).Reasons, reason => reason.EndsWith("within one standard error of it at no more KL (13 nats).", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_GoldThatFell_KeepsTheReference()
    {
        var verdict = Judge.Of(SampleCurves.Of(SampleCurves.Policies("demo", [90, 120, 160])));   // far beyond the law's zero at KL e⁴ = 54.6
        Assert.Equal(VerdictKind.NoGain, verdict.Kind);
        Assert.Null(verdict.Recommended);
        Assert.Contains("Keep the reference", verdict.Headline);
    }

    [Fact]
    public void Of_TwoCheckpointsWithinNoise_RecommendsTheOneOfLessDrift()
    {
        var curve = SampleCurves.Of(SampleCurves.Policies("demo", [4, 9]));
        var gain = new Estimate(0.90, 0.80, 1.00);
        var points = curve.Points.Select((point, i) => point with { GoldGain = i == 0 ? gain : gain with { Value = 0.92, Low = 0.82, High = 1.02 } });
        var verdict = Judge.Of(curve with { Points = [.. points] });
        Assert.Equal(20, verdict.Recommended!.Step);
        Assert.Contains(verdict.Reasons, reason => reason.Contains("within one standard error"));
    }

    [Fact]
    public void Of_NoGold_SaysWhatCannotBeKnown()
    {
        var curve = CurveBuilder.Build(SampleCurves.WithoutGold(SampleCurves.Reference()), [.. SampleCurves.Policies("demo", [1, 4, 9, 16]).Select(SampleCurves.WithoutGold)], SampleCurves.Options);
        var verdict = Judge.Of(curve);
        Assert.Equal(VerdictKind.ProxyOnly, verdict.Kind);
        Assert.Contains("without a gold score", verdict.Headline);
        Assert.Contains(verdict.Missing, line => line.Contains("no gold score"));
        Assert.NotNull(verdict.Recommended);
    }

    [Fact]
    public void Of_OneCheckpoint_SaysThatThePeakCannotBeTold()
    {
        var verdict = Judge.Of(SampleCurves.Of(SampleCurves.Policies("demo", [4])));
        Assert.Equal(VerdictKind.Gained, verdict.Kind);
        Assert.Contains(verdict.Missing, line => line.Contains("Only one checkpoint"));
    }

    [Fact]
    public void Of_CheckpointWithNaN_IsLeftOutAndCounted()
    {
        var curve = SampleCurves.Overoptimised();
        var broken = curve.Points[3] with { ProxyGain = new Estimate(double.NaN, double.NaN, double.NaN) };
        var verdict = Judge.Of(curve with { Points = [.. curve.Points.Take(3), broken, .. curve.Points.Skip(4)] });
        Assert.Contains(verdict.Missing, line => line.StartsWith("1 of 8 checkpoints"));
        Assert.Equal(VerdictKind.OverOptimised, verdict.Kind);
    }

    [Fact]
    public void Of_NoCheckpoint_HasNothingToJudge()
    {
        var verdict = Judge.Of(SampleCurves.Of());
        Assert.Equal(VerdictKind.Unknown, verdict.Kind);
        Assert.Null(verdict.Recommended);
    }

    [Fact]
    public void Of_KlEstimatesThatDisagree_Warns()
    {
        var curve = SampleCurves.Of(SampleCurves.Policies("demo", [4]));
        var point = curve.Points[0];
        var verdict = Judge.Of(curve with { Points = [point with { Kl = point.Kl with { K1Deviation = 9 } }] });
        Assert.Contains(verdict.Missing, line => line.Contains("log-probs cannot be trusted"));
    }

    [Fact]
    public void Of_BestOfN_SaysWhatTheSameGoldCostsWithoutTraining()
    {
        var verdict = Judge.Of(SampleCurves.Overoptimised());
        Assert.Contains(verdict.Reasons, reason => reason.StartsWith("Best-of-"));
    }
}
