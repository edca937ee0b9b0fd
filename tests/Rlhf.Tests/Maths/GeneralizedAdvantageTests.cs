using Rlhf.Maths;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Maths;

public sealed class GeneralizedAdvantageTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _rewards = tensor(new[] { 1f, 0f, 2f, 9f }).reshape(1, 4);
    private readonly Tensor _values = tensor(new[] { 0.5f, 1f, 0.25f, 7f }).reshape(1, 4);
    private readonly Tensor _mask = tensor(new[] { true, true, true, false }).reshape(1, 4);

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Estimate_EndedEpisodeWithPadding_MatchesHandComputation()
    {
        // δ = 1 + .9·1 − .5, 0 + .9·.25 − 1, 2 − .25 = 1.4, −.775, 1.75; γλ = .72
        var (advantages, returns) = GeneralizedAdvantage.Estimate(_rewards, _values, _mask, gamma: 0.9, lambda: 0.8);
        Expect.Near([1.7492, 0.485, 1.75, 0], advantages);
        Expect.Near([2.2492, 1.485, 2, 0], returns);
    }

    [Fact]
    public void Estimate_TruncatedEpisode_BootstrapsBehindItsLastToken()
    {
        // δ_2 = 2 + .9·2 − .25 = 3.55
        var (advantages, _) = GeneralizedAdvantage.Estimate(_rewards, _values, _mask, 0.9, 0.8, bootstrap: tensor(new[] { 2f }));
        Expect.Near([2.68232, 1.781, 3.55, 0], advantages);
    }

    [Fact]
    public void Estimate_FullLengthRow_BootstrapsBehindItsLastToken()
    {
        var (advantages, _) = GeneralizedAdvantage.Estimate(
            _rewards.narrow(1, 0, 3), _values.narrow(1, 0, 3), _mask.narrow(1, 0, 3), 0.9, 0.8, tensor(new[] { 2f }));
        Expect.Near([2.68232, 1.781, 3.55], advantages);
    }

    [Fact]
    public void Estimate_LambdaZero_IsOneStepTemporalDifference()
    {
        var (advantages, _) = GeneralizedAdvantage.Estimate(_rewards, _values, _mask, 0.9, 0);
        Expect.Near([1.4, -0.775, 1.75, 0], advantages);
    }

    [Fact]
    public void Estimate_LambdaOneGammaOne_IsRewardToGoLessValue()
    {
        var (advantages, returns) = GeneralizedAdvantage.Estimate(_rewards, _values, _mask, 1, 1);
        Expect.Near([2.5, 1, 1.75, 0], advantages);
        Expect.Near([3, 2, 2, 0], returns);
    }

    [Fact]
    public void Estimate_RowsOfDifferentLength_EqualEachRowAlone()
    {
        var mask = tensor(new[] { true, true, true, false, true, false, false, false }).reshape(2, 4);
        var (advantages, _) = GeneralizedAdvantage.Estimate(
            _rewards.repeat(2, 1), _values.repeat(2, 1), mask, 0.9, 0.8, tensor(new[] { 0f, 3f }));
        Expect.Near([1.7492, 0.485, 1.75, 0, 1 + 0.9 * 3 - 0.5, 0, 0, 0], advantages);
    }

    [Fact]
    public void RewardsToGo_WithDiscount_SumsWhatIsStillToCome()
    {
        Expect.Near([1 + 0.25 * 2, 1, 2, 0], Reinforce.RewardsToGo(_rewards, _mask, gamma: 0.5));
    }
}
