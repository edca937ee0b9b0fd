using Rlhf.Dpo;
using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Dpo;

/// <summary>Three pairs. What PyTorch makes of them in float64 is printed by tests/Rlhf.Tests/python/preferences.py.</summary>
public sealed class PairLossTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    public static TheoryData<string, double[], double[], double[]> Cases => new()
    {
        { "{}", [0.598138869, 0.974076984, 0.883382155], [-0.045016600, -0.062245933, -0.058661758], [0.045016600, 0.062245933, 0.058661758] },
        { "label_smoothing: 0.1", [0.618138869, 0.924076984, 0.848382155], [-0.035016600, -0.052245933, -0.048661758], [0.035016600, 0.052245933, 0.048661758] },
        { "log_probs: mean", [0.117351362, 4.018149928, 4.299384212], [-0.138409147, -0.491006895, -2.466057708], [0.092272765, 0.982013790, 0.704587916] },
        { "chosen_likelihood: 0.5", [1.348138869, 1.974076984, 1.633382155], [-0.170016600, -0.112245933, -0.308661758], [0.045016600, 0.062245933, 0.058661758] },
        { "objective: ipo", [9, 100, 72.25], [-6, -20, -17], [6, 20, 17] },
        { "{objective: ipo, log_probs: mean}", [0.100277778, 0.81, 0.916122449], [0.158333333, -0.18, -0.957142857], [-0.105555556, 0.36, 0.273469388] },
        { "objective: simpo", [1.313261688, 0.798138869, 3.048587352], [-0.365529289, -0.109966799, -0.952574127], [0.243686193, 0.219933599, 0.272164036] },
        { "{objective: simpo, beta: 2.5, target_margin: 0.75}", [1.136871006, 0.575939420, 3.288041372], [-0.424486687, -0.109455875, -1.203341391], [0.282991125, 0.218911750, 0.343811826] },
        { "objective: orpo", [1.569314718, 2.049312689, 1.685112889], [-0.266090211, -0.104502164, -0.554252347], [0.010726808, 0.008562497, 0.030604680] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_ThreePairs_HasPyTorchsLossesAndGradients(string yaml, double[] losses, double[] ofChosen, double[] ofRejected)
    {
        var recipe = RecipeBinder.Bind<DpoRecipe>(yaml, "r.yaml");
        var (chosen, rejected) = (tensor(new[] { -6.0, -20, -3 }, requires_grad: true), tensor(new[] { -9.0, -12, -3.5 }, requires_grad: true));
        var found = new PairLoss(recipe).Of(new PairNumbers
        {
            Chosen = chosen,
            Rejected = rejected,
            ReferenceChosen = recipe.UsesReference ? tensor(new[] { -7.0, -18, -2 }) : zeros(3, dtype: ScalarType.Float64),
            ReferenceRejected = recipe.UsesReference ? tensor(new[] { -8.0, -15, -6 }) : zeros(3, dtype: ScalarType.Float64),
            ChosenLengths = tensor(new[] { 4.0, 10, 2 }),
            RejectedLengths = tensor(new[] { 6.0, 5, 7 }),
        });
        Autograd.Backward(found.Losses.sum());
        Expect.Near(losses, found.Losses, 1e-8);
        Expect.Near(ofChosen, chosen.grad!, 1e-8);
        Expect.Near(ofRejected, rejected.grad!, 1e-8);
    }

    [Fact]
    public void Of_RewardsOfBothSides_AreScaledDrifts()
    {
        var one = ones(1, dtype: ScalarType.Float64);
        var found = new PairLoss(new DpoRecipe { LogProbs = ReplyLogProb.Mean, Beta = 3 }).Of(new PairNumbers
        {
            Chosen = one * -6, Rejected = one * -9, ReferenceChosen = one * -7, ReferenceRejected = one * -8, ChosenLengths = one * 4, RejectedLengths = one * 6,
        });
        Expect.Near(3 * 1 / 4.0, found.ChosenRewards, 1e-12);
        Expect.Near(3 * -1 / 6.0, found.RejectedRewards, 1e-12);
    }

    [Fact]
    public void Orpo_ReplyAlmostCertain_StaysFinite()
    {
        var chosen = tensor(new[] { -1e-9 }, requires_grad: true);
        var loss = OrpoLoss.Of(chosen, tensor(new[] { -2.0 }), 0.1);
        Autograd.Backward(loss.sum());
        Assert.InRange(loss.item<double>(), 0, 1e-6);
        Assert.True(double.IsFinite(chosen.grad!.item<double>()));
    }
}
