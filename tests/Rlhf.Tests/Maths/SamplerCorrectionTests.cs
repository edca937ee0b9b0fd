using Rlhf.Maths;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Maths;

public sealed class SamplerCorrectionTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _logProbs = tensor(new[] { Math.Log(0.5), Math.Log(0.9), Math.Log(0.1) });
    private readonly Tensor _drawn = tensor(new[] { Math.Log(0.5), Math.Log(0.3), Math.Log(0.4) });

    public void Dispose() => _scope.Dispose();

    // Ratios 1, 3 and 1/4.
    [Theory]
    [InlineData(SamplerCorrectionKind.None, 1.0, 1.0, 1.0)]
    [InlineData(SamplerCorrectionKind.Truncate, 1.0, 2.0, 0.25)]
    [InlineData(SamplerCorrectionKind.Mask, 1.0, 0.0, 0.0)]
    public void Weights_LimitTwo_DoesWhatItsNameSays(SamplerCorrectionKind kind, double a, double b, double c) =>
        Expect.Near([a, b, c], SamplerCorrection.Weights(kind, _logProbs, _drawn, 2), 1e-12);

    [Fact]
    public void MismatchKl_PaddingHoldsNonsense_IsTheMeanOverRealTokens()
    {
        // 0, 3 − 1 − ln 3 = 0.9013877, 1/4 − 1 + ln 4 = 0.6362944
        var (mine, other, mask) = Padded();
        Expect.Near((0.9013877113 + 0.6362943611) / 3, SamplerCorrection.MismatchKl(mine, other, mask), 1e-9);
    }

    [Fact]
    public void EffectiveSampleSize_PaddingHoldsNonsense_IsTheShareOfRealTokens()
    {
        // (1 + 3 + 1/4)² / (3·(1 + 9 + 1/16))
        var (mine, other, mask) = Padded();
        Expect.Near(18.0625 / (3 * 10.0625), SamplerCorrection.EffectiveSampleSize(mine, other, mask), 1e-12);
    }

    [Fact]
    public void EffectiveSampleSize_BothAgree_IsOne() =>
        Expect.Near(1, SamplerCorrection.EffectiveSampleSize(_drawn, _drawn, ones(3, dtype: ScalarType.Bool)), 1e-12);

    private (Tensor LogProbs, Tensor Drawn, Tensor Mask) Padded() =>
        (cat([_logProbs, tensor(new[] { double.NaN })]), cat([_drawn, tensor(new[] { 7.0 })]), tensor(new[] { true, true, true, false }));
}
