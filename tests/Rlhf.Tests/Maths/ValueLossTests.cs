using Rlhf.Maths;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Maths;

public sealed class ValueLossTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _values = tensor(new[] { 1.0, 1.0, 0.1 });
    private readonly Tensor _old = tensor(new[] { 0.0, 0.0, 0.0 });
    private readonly Tensor _returns = tensor(new[] { 2.0, 0.5, 1.0 });

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void PerToken_Plain_IsHalfTheSquaredError() =>
        Expect.Near([0.5, 0.125, 0.405], ValueLoss.PerToken(_values, _returns));

    [Fact]
    public void PerToken_Clipped_IsTheLargerOfTheTwo()
    {
        // clipped values .2, .2, .1: errors 1.8² > 1², .3² < .5², equal
        Expect.Near([1.62, 0.125, 0.405], ValueLoss.PerToken(_values, _old, _returns, clip: 0.2));
        Expect.Near([1, 0, 0], ValueLoss.Clipped(_values, _old, _returns, clip: 0.2));
    }

    [Fact]
    public void ExplainedVariance_PerfectConstantAndOpposite_IsOneZeroAndNegative()
    {
        var returns = tensor(new[] { 1.0, 2.0, 3.0, double.NaN });
        var mask = tensor(new[] { true, true, true, false });
        Expect.Near(1, ExplainedVariance.Of(returns, returns, mask));
        Expect.Near(0, ExplainedVariance.Of(full_like(returns, 5), returns, mask));
        Expect.Near(-3, ExplainedVariance.Of(-returns, returns, mask), 1e-6);
    }
}
