using Rlhf.Foundation;
using Rlhf.Rewards.Evaluation;

namespace Rlhf.Rewards.Tests.Evaluation;

public class RewardReportTests
{
    [Fact]
    public void Proportion_SevenOfTen_IsWilsonsInterval()
    {
        // The two roots of |0.7 − q| = 1.959964·√(q(1 − q)/10), found by bisection.
        var share = Proportion.Of(7, 10);
        Assert.Equal(0.7, share.Value, 1e-12);
        Assert.Equal(0.3967781, share.Low, 1e-6);
        Assert.Equal(0.8922087, share.High, 1e-6);
    }

    [Fact]
    public void Proportion_AllOrNone_StaysWithinZeroAndOne()
    {
        Assert.Equal((0, 1), (Proportion.Of(0, 5).Low, Proportion.Of(5, 5).High));
        Assert.True(double.IsNaN(Proportion.Of(0, 0).Value));
    }

    [Fact]
    public void Accuracy_TieCountsHalf() => Assert.Equal(2.5 / 4, RewardReport.Of([Judged.Pair(2, 1), Judged.Pair(1, 2), Judged.Pair(1, 1), Judged.Pair(0, -1)]).Accuracy.Value, 1e-12);

    [Fact]
    public void LogLoss_KnownLogits_IsTheHandComputedMean()
    {
        // −ln σ(0) = 0.693147, −ln σ(2) = 0.126928, −ln σ(−1) = 1.313262
        Assert.Equal((0.6931472 + 0.1269280 + 1.3132617) / 3, LogLoss.Of([0, 2, -1]), 1e-6);
    }

    [Fact]
    public void LogLoss_HugeLogits_NeitherOverflowsNorVanishes()
    {
        Assert.Equal(1000, LogLoss.Of([-1000]), 1e-9);
        Assert.Equal(Math.Exp(-40), LogLoss.Of([40]), 1e-25);
    }

    [Fact]
    public void Calibration_TwoBins_IsTheWeightedGap()
    {
        // Logit ln 3: confidence 0.75, right 3 of 4. Logit ±ln 9: confidence 0.9, right 1 of 2. ECE = 4/6·0 + 2/6·0.4
        double third = Math.Log(3), ninth = Math.Log(9);
        var found = Calibration.Of([.. new[] { third, third, third, -third, ninth, -ninth }.Select(logit => Judged.Logits(logit))]);
        Assert.Equal([(4, 0.75), (2, 0.5)], found.Bins.Select(bin => (bin.Count, bin.Accuracy)));
        Assert.Equal(0.9, found.Bins[1].MeanConfidence, 1e-12);
        Assert.Equal(0.4 / 3, found.ExpectedError, 1e-12);
    }

    [Fact]
    public void Calibration_CertainPair_FallsIntoTheLastBin()
    {
        var bin = Assert.Single(Calibration.Of([Judged.Logits(1000)]).Bins);
        Assert.Equal((0.95, 1.0), (bin.From, bin.To));
    }

    [Fact]
    public void Histogram_Edges_BelongToTheNextBinButTheLast()
    {
        Assert.Equal([new HistogramBin(0, 1, 1), new HistogramBin(1, 2, 1), new HistogramBin(2, 3, 2)], Histogram.Of([0, 1, 2, 3], 3));
        Assert.Equal([new HistogramBin(2, 2, 2)], Histogram.Of([2, 2], 3));
    }

    [Fact]
    public void Length_PairsWhoseLongerReplyWins_GiveTheBaselineAndTheBands()
    {
        JudgedPair[] pairs =
        [
            Judged.Pair(1, 0, 30, 10), Judged.Pair(1, 0, 25, 10), Judged.Pair(0, 1, 20, 10), Judged.Pair(1, 0, 10, 10), Judged.Pair(1, 0, 5, 10),
        ];
        var length = RewardReport.Of(pairs).Length;
        Assert.Equal(3.5 / 5, length.Baseline.Value, 1e-12);
        // Right minus longer-is-right by pair: 0, 0, −1, ½, 1: mean 0.1
        Assert.Equal(0.1, length.Advantage, 1e-12);
        // Standard error √(Σ(g − 0.1)²/5/5) = √(2.2/25) = 0.296648
        Assert.Equal(0.1 - 1.959964 * 0.2966479, length.AdvantageLow, 1e-6);
        Assert.Equal("not distinguishable", length.Verdict);
        Assert.Equal([-5, 0, 10, 15, 20], length.ByDifference.Select(band => band.From));
        Assert.Equal([1, 1, 0, 1, 1], length.ByDifference.Select(band => band.Accuracy.Value));
    }

    [Fact]
    public void Length_RewardEqualToLength_CorrelatesFully() =>
        Assert.Equal(1, RewardReport.Of([Judged.Pair(3, 1, 30, 10), Judged.Pair(2, 5, 20, 50)]).Length.Correlation, 1e-12);

    [Fact]
    public void Gold_NoisyLabels_GiveCeilingAndAgreement()
    {
        // Labels follow gold in two of three; the model follows gold in the first and the last.
        var gold = RewardReport.Of([Judged.Pair(1, 0, goldChosen: 3, goldRejected: 1), Judged.Pair(0, 1, goldChosen: 2, goldRejected: 1), Judged.Pair(0, 1, goldChosen: 1, goldRejected: 4)]).Gold!;
        Assert.Equal(2.0 / 3, gold.Ceiling.Value, 1e-12);
        Assert.Equal(2.0 / 3, gold.Agreement.Value, 1e-12);
        // Margins 1, −1, −1 against gaps 2, 1, −3: covariance 4, spread √(8/3·14)
        Assert.Equal(4 / Math.Sqrt(8.0 / 3 * 14), gold.Correlation, 1e-12);
        Assert.Null(RewardReport.Of([Judged.Pair(1, 0)]).Gold);
    }

    [Fact]
    public void Ensemble_ThreeMembers_ShowAgreementAndSpread()
    {
        var ensemble = RewardReport.Of([Judged.Logits(1, 2, 3), Judged.Logits(-1, 1, 3)]).Ensemble!;
        // All three pairs of members agree on the first, one of three on the second.
        Assert.Equal(2.0 / 3, ensemble.Agreement, 1e-12);
        Assert.Equal([0.5, 1, 1], ensemble.Accuracies);
        Assert.Equal((Math.Sqrt(2.0 / 3) + Math.Sqrt(8.0 / 3)) / 2, ensemble.Deviation, 1e-12);
        Assert.Null(RewardReport.Of([Judged.Pair(1, 0)]).Ensemble);
    }

    [Fact]
    public void Worst_WrongPairsOnly_MostWrongFirst() =>
        Assert.Equal([-3, -1], RewardReport.Of([Judged.Pair(0, 1), Judged.Pair(1, 0), Judged.Pair(0, 3)]).Worst.Select(pair => pair.Margin));

    [Fact]
    public void Of_NothingOrNotANumber_SaysSo()
    {
        Assert.Contains("eval_share", Assert.Throws<RlhfException>(() => RewardReport.Of([])).Message, StringComparison.Ordinal);
        Assert.Contains("broken", Assert.Throws<RlhfException>(() => RewardReport.Of([Judged.Pair(double.NaN, 0)])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_WrittenAndRead_IsTheSame_NaNIncluded()
    {
        var path = Path.GetTempFileName();
        try
        {
            var report = RewardReport.Of([Judged.Pair(1, 0, goldChosen: 3, goldRejected: 1)]);
            File.WriteAllText(path, RewardReportJson.Text(report));
            Assert.Equal(RewardReportJson.Text(report), RewardReportJson.Text(RewardReportJson.Read(path)));
            Assert.Contains("\"log_loss\": 0.31326168751822286", RewardReportJson.Text(report), StringComparison.Ordinal);
            Assert.Contains("\"correlation\": null", RewardReportJson.Text(report), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
