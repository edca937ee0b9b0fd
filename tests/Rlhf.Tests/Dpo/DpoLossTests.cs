using Rlhf.Dpo;
using Rlhf.Foundation.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Dpo;

public sealed class DpoLossTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Sigmoid_ThreeMargins_IsMinusTheLogLikelihood()
    {
        // −ln σ(0) = ln 2; −ln σ(0.1·10) = 0.3132617; −ln σ(−1) = 1.3132617
        Expect.Near([0.69314718, 0.31326169, 1.31326169], DpoLoss.Sigmoid(tensor(new[] { 0.0, 10, -10 }), 0.1, 0));
    }

    [Fact]
    public void Sigmoid_LabelSmoothing_MixesBothLabels()
    {
        // 0.8·0.3132617 + 0.2·1.3132617
        Expect.Near(0.51326169, DpoLoss.Sigmoid(tensor(10.0), 0.1, 0.2));
    }

    [Fact]
    public void Sigmoid_HugeMargins_StaysFinite() =>
        Expect.Near([0, 1000], DpoLoss.Sigmoid(tensor(new[] { 1000.0, -1000.0 }), 1, 0), 1e-9);

    [Fact]
    public void Ipo_AroundItsTarget_IsTheSquaredDistance()
    {
        // 1/(2·0.1) = 5
        Expect.Near([25, 0, 25], DpoLoss.Ipo(tensor(new[] { 0.0, 5, 10 }), 0.1));
    }

    [Fact]
    public void Sigmoid_Gradient_IsMinusBetaTimesTheProbabilityOfBeingWrong()
    {
        // Every training begins at a margin of 0: the policy is its reference.
        var margin = tensor(new[] { 10.0, 0, -10 }, requires_grad: true);
        Autograd.Backward(DpoLoss.Sigmoid(margin, 0.1, 0).sum());
        Expect.Near([-0.1 * 0.26894142, -0.1 * 0.5, -0.1 * 0.73105858], margin.grad!);
    }
}
