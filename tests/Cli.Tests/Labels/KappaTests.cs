using Rlhf.Cli.Labels;
using static Rlhf.Cli.Labels.Answer;

namespace Rlhf.Cli.Tests.Labels;

public sealed class KappaTests
{
    // 20 both first, 5 first against second, 10 second against first, 15 both second: p_o = 0.7, p_e = 0.5·0.6 + 0.5·0.4.
    [Fact]
    public void Cohen_TwoAnnotatorsOfFiftyPairs_IsTwoFifths()
    {
        (Answer, Answer)[] answers = [.. Enumerable.Repeat((First, First), 20), .. Enumerable.Repeat((First, Second), 5), .. Enumerable.Repeat((Second, First), 10), .. Enumerable.Repeat((Second, Second), 15)];
        Assert.Equal(0.4, Kappa.Cohen(answers), 12);
    }

    [Fact]
    public void Cohen_FullAgreement_IsOne_AndOppositeAnswersAreBelowZero()
    {
        Assert.Equal(1, Kappa.Cohen([(First, First), (Second, Second), (Tie, Tie)]), 12);
        Assert.Equal(-1, Kappa.Cohen([(First, Second), (Second, First)]), 12);
    }

    // P = (1 + 1/3 + 1/3 + 1)/4 = 2/3; shares 5/12, 3/12, 4/12, so P_e = 50/144; κ = (96 − 50)/(144 − 50).
    [Fact]
    public void Fleiss_ThreeAnnotatorsOfFourPairs_Is46Of94() =>
        Assert.Equal(46.0 / 94, Kappa.Fleiss([[First, First, First], [First, First, Second], [Second, Second, Tie], [Tie, Tie, Tie]]), 12);

    // Two of two agree, two of three: observed (2/1 + 2/2)/5 = 3/5; shares 4/5 and 1/5, P_e = 17/25; κ = (15 − 17)/(25 − 17).
    [Fact]
    public void Fleiss_PairsWithDifferentNumbersOfAnswers_WeighByThem()
    {
        Assert.Equal(-0.25, Kappa.Fleiss([[First, First], [First, First, Second]]), 12);
        Assert.Equal(-0.25, Kappa.Fleiss([[First, First], [Tie], [First, First, Second]]), 12);
    }
}
