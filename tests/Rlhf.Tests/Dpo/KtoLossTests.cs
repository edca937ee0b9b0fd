using Rlhf.Dpo;
using Rlhf.Foundation.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Dpo;

/// <summary>Two desirable replies and two others; PyTorch's numbers are printed by tests/Rlhf.Tests/python/preferences.py.</summary>
public sealed class KtoLossTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(0.8, new[] { 0.705053922, 0.817318339, 0.246250281, 0.277389618 }, new[] { -0.037365323, -0.037197883, 0.012497188, 0.012349962 })]
    [InlineData(-3, new[] { 0.675249004, 0.787468781, 0.256248698, 0.287221258 }, new[] { -0.037127486, -0.037406406, 0.012492191, 0.012222916 })]
    public void Of_FourReplies_HasPyTorchsLossesAndGradients(double mean, double[] losses, double[] gradient)
    {
        var drifts = tensor(new[] { 2.0, -1, 0.5, 3 }, requires_grad: true);
        var reference = tensor(new[] { mean }, requires_grad: true);
        var found = KtoLoss.Of(drifts, KtoLoss.Reference(reference), tensor(new[] { true, true, false, false }), 0.1, 1.5, 0.5);
        Autograd.Backward(found.sum());
        Expect.Near(losses, found, 1e-8);
        Expect.Near(gradient, drifts.grad!, 1e-8);
        Assert.Null(reference.grad);
    }
}
