using Rlhf.Evaluation;
using Rlhf.Evaluation.Study;
using Rlhf.Rewards.Models;
using static Rlhf.Tests.Evaluation.Study.PlantedStudy;

namespace Rlhf.Tests.Evaluation.Study;

public sealed class StudyClaimsTests
{
    private const double Margin = 0.2;

    private static readonly BootstrapOptions s_options = new() { Resamples = 1000 };
    private static readonly StudyTarget s_small = new(250, 0), s_middle = new(1000, 0), s_noisy = new(1000, 0.25), s_large = new(4000, 0);

    // Peaks: best-of-n α/2β squared, policies exp(α/β − 1) squared.
    private static readonly OveroptimisationFit s_early = new(FitForm.BestOfN, 1.2, 0.5);     // KL 1.44, gain 0.72
    private static readonly OveroptimisationFit s_late = new(FitForm.BestOfN, 1.6, 0.45);     // KL 3.16, gain 1.42
    private static readonly OveroptimisationFit s_straight = new(FitForm.BestOfN, 0.8, 0);
    private static readonly OveroptimisationFit s_policyEarly = new(FitForm.Policy, 0.5, 0.4);   // KL 1.65, gain 0.51
    private static readonly OveroptimisationFit s_policyLate = new(FitForm.Policy, 0.7, 0.35);   // KL 7.39, gain 0.95

    [Fact]
    public void Turn_GoldThatIsTheProxy_IsNone()
    {
        var turn = Turn.Of(PlantedStudy.BestOfN(s_middle, random => Normal(random) is var score ? (score, score) : default), Margin, s_options);
        Assert.Equal(TurnKind.None, turn.Kind);
        Assert.Equal(turn.Proxy.Alpha, turn.Gold.Alpha);
    }

    [Fact]
    public void Turn_ProxyThatKnowsNothingOfGold_IsAtOnce()
    {
        var turn = Turn.Of(PlantedStudy.BestOfN(s_middle, random => (Normal(random), Normal(random))), Margin, s_options);
        Assert.Equal(TurnKind.AtOnce, turn.Kind);
    }

    [Fact]
    public void Turn_ProxyThatOverrates_IsTurnedAtThePlantedPeak()
    {
        var turn = Turn.Of(PlantedStudy.BestOfN(s_middle, s_early), Margin, s_options);
        Assert.Equal(TurnKind.Turned, turn.Kind);
        Assert.True(turn.PeakKl.Contains(1.44), $"{turn.PeakKl}");
        Assert.True(turn.PeakGain.Contains(0.72), $"{turn.PeakGain}");
        Assert.True(turn.Gold.Beta.Contains(0.5), $"{turn.Gold.Beta}");
    }

    [Fact]
    public void Turn_GoldThatOnlyFalls_IsAtOnceAtTheFirstPoint()
    {
        // β below 0: falls fast, then levels off; at KL 24 it stands at 4.9·(−1 + 0.5·1.59) = −1.0
        var turn = Turn.Of(Policy(s_middle, 0, new OveroptimisationFit(FitForm.Policy, -1, -0.5)), Margin, s_options);
        Assert.Equal(TurnKind.AtOnce, turn.Kind);
        Assert.Equal(0.5, turn.PeakKl.Value, 9);
    }

    [Fact]
    public void Claims_PriceThatLetsNothingMove_CannotBeTold()
    {
        var claim = Of([Policy(s_middle, 0, s_policyLate), Policy(s_middle, 5, s_policyLate, furthest: 0)], "price-moves-along");
        Assert.Equal(Holding.CannotTell, claim.Verdict);
        Assert.Contains("next to nothing that both reached", claim.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.3, 0.1, 0.5, 0.25, 0.1, 0.4, nameof(TurnKind.Turned))]
    [InlineData(0.3, 0.1, 0.5, 0, 0, 0, nameof(TurnKind.None))]
    [InlineData(0.3, 0.1, 0.5, 0.1, -0.1, 0.3, nameof(TurnKind.Unclear))]
    [InlineData(0.05, -0.05, 0.15, 0.3, 0.1, 0.5, nameof(TurnKind.AtOnce))]
    [InlineData(0.2, -0.05, 0.45, 0.3, 0.1, 0.5, nameof(TurnKind.Unclear))]
    public void TurnKind_OfIntervals_IsWhatTheyAllow(double peak, double peakLow, double peakHigh, double fall, double fallLow, double fallHigh, string expected) =>
        Assert.Equal(expected, Turn.KindOf(new Estimate(peak, peakLow, peakHigh), new Estimate(fall, fallLow, fallHigh), Margin).ToString());

    [Fact]
    public void Claims_EnsembleOfCopies_BringsNothing()
    {
        var alone = PlantedStudy.BestOfN(s_middle, s_early) with { };
        alone = alone with { Runs = [alone.Runs[0]] };
        var claim = Of([alone, Combined(alone, Combination.Minimum), Combined(alone, Combination.MeanMinusVariance)], "wco-mends-best-of-n");
        Assert.Equal(Holding.DoesNot, claim.Verdict);
        Assert.Equal(Estimate.Exactly(0), claim.Effect);
    }

    [Fact]
    public void Claims_EnsembleThatDoesNotTurn_MendsTheTurn()
    {
        var alone = PlantedStudy.BestOfN(s_middle, s_early);
        var claim = Of([alone, Combined(PlantedStudy.BestOfN(s_middle, s_straight, seed: 2), Combination.Minimum)], "wco-mends-best-of-n");
        Assert.Equal(Holding.Holds, claim.Verdict);
        // at ln 256 − 255/256 = 4.549: 0.72 − (1.2·2.133 − 0.5·4.549) = 0.435
        Assert.Equal(0.435, claim.Effect.Value, 0.06);
    }

    [Fact]
    public void Claims_NothingTurns_ThereIsNothingToMendAndNoPeakToCompare()
    {
        var alone = PlantedStudy.BestOfN(s_middle, random => Normal(random) is var score ? (score, score) : default);
        var large = PlantedStudy.BestOfN(s_large, random => Normal(random) is var score ? (score, score) : default);
        StudyArm[] arms = [alone, large, Combined(alone, Combination.Minimum)];
        Assert.Contains("nothing to mend", Of(arms, "wco-mends-best-of-n").Why);
        Assert.Equal(Holding.CannotTell, Of(arms, "wco-mends-best-of-n").Verdict);
        Assert.Contains("neither turns", Of(arms, "larger-later-best-of-n").Why);
        Assert.Equal(Holding.DoesNot, Of(arms, "larger-higher-best-of-n").Verdict);
    }

    [Fact]
    public void Claims_LargerModelsThatPeakLaterAndHigher_Hold()
    {
        StudyArm[] arms = [PlantedStudy.BestOfN(s_small, s_early), PlantedStudy.BestOfN(s_large, s_late, 2), Policy(s_small, 0, s_policyEarly), Policy(s_large, 0, s_policyLate, seed: 3)];
        foreach (var id in new[] { "larger-later-best-of-n", "larger-higher-best-of-n", "larger-later-ppo", "larger-higher-ppo" })
            Assert.True(Of(arms, id).Verdict == Holding.Holds, $"{Of(arms, id)}");
        Assert.Equal(3.16 / 1.44, Of(arms, "larger-later-best-of-n").Effect.Value, 0.25);
        Assert.Equal(0.95 - 0.51, Of(arms, "larger-higher-ppo").Effect.Value, 0.08);
    }

    [Fact]
    public void Claims_SizesTheOtherWayRound_DoNotHold()
    {
        StudyArm[] arms = [PlantedStudy.BestOfN(s_small, s_late), PlantedStudy.BestOfN(s_large, s_early, 2)];
        Assert.Equal(Holding.DoesNot, Of(arms, "larger-later-best-of-n").Verdict);
        Assert.Equal(Holding.DoesNot, Of(arms, "larger-higher-best-of-n").Verdict);
    }

    [Fact]
    public void Claims_FlippedLabelsThatTurnSooner_Hold()
    {
        StudyArm[] arms = [PlantedStudy.BestOfN(s_middle, s_late), PlantedStudy.BestOfN(s_noisy, s_early, 2)];
        Assert.Equal(Holding.Holds, Of(arms, "noise-sooner-best-of-n").Verdict);
        Assert.Equal(Holding.DoesNot, Of([arms[0] with { Target = s_noisy }, arms[1] with { Target = s_middle }], "noise-sooner-best-of-n").Verdict);
    }

    [Fact]
    public void Claims_PolicyAtTheSameGold_SpendsThePlantedTimesOfKl()
    {
        StudyArm[] arms = [PlantedStudy.BestOfN(s_middle, s_late), Policy(s_middle, 0, s_policyLate)];
        var claim = Of(arms, "rl-spends-more");
        // half of 0.951 is 0.476: best-of-n has it at d = (1.6 − √(2.56 − 0.856))/0.9 = 0.327, KL 0.107; the policy at d = 0.536 (0.7·0.536 + 0.35·0.536·0.624 = 0.492), so about KL 0.27
        Assert.Equal(Holding.Holds, claim.Verdict);
        Assert.InRange(claim.Effect.Value, 1.9, 3.3);
        Assert.Equal(2, claim.BySeed.Count);
    }

    [Fact]
    public void Claims_PricesOnOneFrontier_LeaveItWhereItIs_AndOnAHigherOneDoNot()
    {
        var free = Policy(s_middle, 0, s_policyLate);
        Assert.Equal(Holding.Holds, Of([free, Policy(s_middle, 0.1, s_policyLate, furthest: 9, seed: 4)], "price-moves-along").Verdict);
        Assert.Equal(Holding.DoesNot, Of([free, Policy(s_middle, 0.1, new OveroptimisationFit(FitForm.Policy, 1.2, 0.35), furthest: 9, seed: 4)], "price-moves-along").Verdict);
    }

    [Theory]
    [InlineData(0.3, 0.1, 0.5, new[] { 0.2, 0.4 }, nameof(Holding.Holds))]
    [InlineData(0.3, 0.1, 0.5, new[] { -0.1, 0.7 }, nameof(Holding.CannotTell))]
    [InlineData(0.0, -0.1, 0.1, new[] { 0.0, 0.0 }, nameof(Holding.DoesNot))]
    [InlineData(0.1, -0.1, 0.3, new[] { 0.1, 0.1 }, nameof(Holding.CannotTell))]
    [InlineData(double.NaN, 0.1, 0.3, new[] { 0.1 }, nameof(Holding.CannotTell))]
    public void Rule_OfMore_NeedsTheIntervalAndEverySeed(double value, double low, double high, double[] seeds, string expected) =>
        Assert.Equal(expected, new ClaimRule(0, Margin).Judge(new Estimate(value, low, high), seeds).Verdict.ToString());

    [Theory]
    [InlineData(0.05, -0.1, 0.15, nameof(Holding.Holds))]
    [InlineData(0.05, 0.01, 0.15, nameof(Holding.Holds))]
    [InlineData(-0.4, -0.6, -0.1, nameof(Holding.DoesNot))]
    [InlineData(0.1, -0.1, 0.3, nameof(Holding.CannotTell))]
    public void Rule_OfNoDifference_NeedsTheIntervalWithinTheMargin(double value, double low, double high, string expected) =>
        Assert.Equal(expected, new ClaimRule(0, Margin, IsEqual: true).Judge(new Estimate(value, low, high), []).Verdict.ToString());

    private static Claim Of(StudyArm[] arms, string id) =>
        Assert.Single(StudyClaims.Of(arms, new ClaimOptions(1000, Margin), s_options), claim => claim.Id == id);
}
