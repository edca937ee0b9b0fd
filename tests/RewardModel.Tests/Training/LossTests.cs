using Rlhf.Foundation.Torch;
using Rlhf.Rewards.Training;
using Rlhf.Rewards.World;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Tests.Training;

public class LossTests
{
    private static readonly BradleyTerryOptions Plain = new() { Centering = 0 };

    [Theory]
    // −ln σ(1.5 − 0.5) = 0.3132617; −ln σ(−1 − 1) = 2.1269280
    [InlineData(0, 0, 0, 0.3132617, 2.1269280)]
    // margins 0.25 and 1: −ln σ(0.75) = 0.3868710; −ln σ(−3) = 3.0485874
    [InlineData(1, 0, 0, 0.3868710, 3.0485874)]
    // twice the margins: −ln σ(0.5) = 0.4740770; −ln σ(−4) = 4.0181499
    [InlineData(2, 0, 0, 0.4740770, 4.0181499)]
    // + 0.1·(1.5 + 0.5)² = 0.4; + 0.1·(−1 + 1)² = 0
    [InlineData(0, 0.1, 0, 0.7132617, 2.1269280)]
    // 0.9·0.3132617 + 0.1·1.3132617; 0.9·2.1269280 + 0.1·0.1269280
    [InlineData(0, 0, 0.1, 0.4132617, 1.9269280)]
    public void BradleyTerry_TwoPairs_IsTheHandComputedLoss(double margin, double centering, double smoothing, double first, double second)
    {
        using var scope = NewDisposeScope();
        var options = new BradleyTerryOptions { MarginWeight = margin, Centering = centering, LabelSmoothing = smoothing };
        var losses = BradleyTerry.Losses(Column(1.5f, -1), Column(0.5f, 1), Column(0.25f, 1), options);
        Assert.Equal([2, 1], losses.shape);
        Assert.Equal(first, losses[0, 0].item<float>(), 1e-6);
        Assert.Equal(second, losses[1, 0].item<float>(), 1e-6);
    }

    [Fact]
    public void BradleyTerry_Gradient_IsMinusTheChanceOfBeingWrong()
    {
        using var scope = NewDisposeScope();
        var chosen = Column(1.5f, -1).requires_grad_();
        var rejected = Column(0.5f, 1).requires_grad_();
        Autograd.Backward(BradleyTerry.Losses(chosen, rejected, null, Plain).sum());
        // ∂/∂r⁺ = −σ(−d): −σ(−1) = −0.2689414, −σ(2) = −0.8807971; the other side gets the opposite.
        Assert.Equal(-0.2689414, chosen.grad![0, 0].item<float>(), 1e-6);
        Assert.Equal(-0.8807971, chosen.grad![1, 0].item<float>(), 1e-6);
        Assert.Equal(0.2689414, rejected.grad![0, 0].item<float>(), 1e-6);
    }

    [Fact]
    public void BradleyTerry_SidesExchanged_GivesLossesThatDifferByTheDifference()
    {
        using var scope = NewDisposeScope();
        // −ln σ(−d) − (−ln σ(d)) = d
        var there = BradleyTerry.Losses(Column(3, -2), Column(1, 5), null, Plain);
        var back = BradleyTerry.Losses(Column(1, 5), Column(3, -2), null, Plain);
        Assert.Equal(2, back[0, 0].item<float>() - there[0, 0].item<float>(), 1e-6);
        Assert.Equal(-7, back[1, 0].item<float>() - there[1, 0].item<float>(), 1e-6);
    }

    [Fact]
    public void BradleyTerry_HugeDifferences_StayFinite()
    {
        using var scope = NewDisposeScope();
        var losses = BradleyTerry.Losses(Column(1000, -1000), Column(-1000, 1000), null, Plain);
        Assert.Equal(0, losses[0, 0].item<float>());
        Assert.Equal(2000, losses[1, 0].item<float>());
    }

    [Fact]
    public void Logistic_SoftAndHardLabels_IsTheHandComputedLoss()
    {
        using var scope = NewDisposeScope();
        var losses = LogisticLoss.Losses(Column(1, 1, -2), Column(1, 0, 0.25f));
        // −ln σ(1); −ln σ(−1); −0.25·ln σ(−2) − 0.75·ln σ(2)
        Assert.Equal(0.3132617, losses[0, 0].item<float>(), 1e-6);
        Assert.Equal(1.3132617, losses[1, 0].item<float>(), 1e-6);
        Assert.Equal(0.25 * 2.1269280 + 0.75 * 0.1269280, losses[2, 0].item<float>(), 1e-6);
    }

    private static Tensor Column(params float[] values) => tensor(values, [values.Length, 1]);
}
