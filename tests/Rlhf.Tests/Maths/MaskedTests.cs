using Rlhf.Maths;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Maths;

public sealed class MaskedTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _x = tensor(new[] { 1f, 3f, float.NaN, 5f, 100f, float.PositiveInfinity }).reshape(2, 3);
    private readonly Tensor _mask = tensor(new[] { true, true, false, true, false, false }).reshape(2, 3);

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Mean_PaddingHoldsNaN_IsOfTheMaskedElements() => Expect.Near(3, Masked.Mean(_x, _mask));

    [Fact]
    public void Variance_PaddingHoldsNaN_IsThePopulationVariance() => Expect.Near(8.0 / 3, Masked.Variance(_x, _mask));

    [Fact]
    public void RowSum_TwoRows_AddsEachOnItsOwn() => Expect.Near([4, 5], Masked.RowSum(_x, _mask));

    [Fact]
    public void Max_PaddingHoldsInfinity_IsOfTheMaskedElements() => Expect.Near(5, Masked.Max(_x, _mask));

    [Fact]
    public void CentreAndScale_PaddingHoldsNaN_HasMeanZeroVarianceOneAndZeroPadding()
    {
        // mean 3, deviation √(8/3) = 1.6329932: (1−3)/1.633 = −1.2247449, 0, 1.2247449
        Expect.Near([-1.2247449, 0, 0, 1.2247449, 0, 0], Whitening.CentreAndScale(_x, _mask));
    }

    [Fact]
    public void Scale_PaddingHoldsNaN_KeepsTheMean()
    {
        Expect.Near([1.7752551, 3, 0, 4.2247449, 0, 0], Whitening.Scale(_x, _mask));
    }

    [Fact]
    public void CentreAndScale_ConstantInput_IsZero()
    {
        Expect.Near([0, 0, 0], Whitening.CentreAndScale(tensor(new[] { 7f, 7f, 7f }), ones(3, dtype: ScalarType.Bool)));
    }
}
