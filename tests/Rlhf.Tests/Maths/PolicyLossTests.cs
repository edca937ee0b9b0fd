using Rlhf.Foundation.Torch;
using Rlhf.Maths;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Maths;

public sealed class PolicyLossTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _ratio = tensor(new[] { 1.5, 0.5, 1.5, 0.5, 1.0 });
    private readonly Tensor _advantages = tensor(new[] { 2.0, 2.0, -2.0, -2.0, 3.0 });

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Clipped_FourQuadrants_IsThePessimisticOne()
    {
        // up with A>0: clipped at 1.2; down with A>0: not; up with A<0: not; down with A<0: clipped at 0.8
        Expect.Near([-2.4, -1, 3, 1.6, -3], ClippedLoss.PerToken(_ratio, _advantages, low: 0.2, high: 0.2));
    }

    [Fact]
    public void Clipped_SeparateBounds_UsesEachOnItsSide() =>
        Expect.Near([-2.6, -1, 3, 1.8, -3], ClippedLoss.PerToken(_ratio, _advantages, low: 0.1, high: 0.3));

    [Fact]
    public void Clipped_WhereTheClipDecides_IsTrueOnlyThere() =>
        Expect.Near([1, 0, 0, 1, 0], ClippedLoss.Clipped(_ratio, _advantages, 0.2, 0.2));

    [Fact]
    public void DualClip_ExplodedRatioOfANegativeAdvantage_StopsAtTheLimit()
    {
        var advantages = tensor(new[] { -2.0, -2.0, 2.0 });
        Expect.Near([6, 5, -20], ClippedLoss.DualClip(tensor(new[] { 20.0, 5.0, -20.0 }), advantages, limit: 3));
    }

    [Fact]
    public void KlPenalty_RatioTwo_AddsBetaTimesTheEstimate()
    {
        // −2·3 + 0.5·(2 − 1 − ln 2)
        Expect.Near(-5.84657359, KlPenaltyLoss.PerToken(tensor(2.0).log(), tensor(3.0), 0.5));
    }

    [Fact]
    public void PenaltyCoefficient_AroundItsTarget_DoublesHalvesOrStays()
    {
        var coefficient = new PenaltyCoefficient(1, target: 0.01);
        coefficient.Observe(0.0151);
        Assert.Equal(2, coefficient.Value);
        coefficient.Observe(0.0149);
        Assert.Equal(2, coefficient.Value);
        coefficient.Observe(0.0066);
        Assert.Equal(1, coefficient.Value);
    }

    [Fact]
    public void PolicyGradient_Gradient_IsMinusTheAdvantageTimesTheScoreFunction()
    {
        var logits = tensor(new[] { 0.0, 0.0 }, requires_grad: true);
        Autograd.Backward(PolicyGradientLoss.PerToken(logits.log_softmax(0).select(0, 0), tensor(4.0)));
        Expect.Near([-2, 2], logits.grad!);
    }

    [Fact]
    public void Clipped_GradientAtRatioOne_IsThePolicyGradient()
    {
        var logits = tensor(new[] { 0.0, 0.0 }, requires_grad: true);
        var logProb = logits.log_softmax(0).select(0, 0);
        Autograd.Backward(ClippedLoss.PerToken((logProb - logProb.detach()).exp(), tensor(4.0), 0.2, 0.2));
        Expect.Near([-2, 2], logits.grad!);
    }
}
