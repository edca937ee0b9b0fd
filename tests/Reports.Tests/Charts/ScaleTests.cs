using Rlhf.Reports.Charts;

namespace Rlhf.Reports.Tests.Charts;

public sealed class ScaleTests
{
    [Theory]
    [InlineData(ScaleKind.Linear, 25, 25)]
    [InlineData(ScaleKind.SquareRoot, 25, 50)]
    [InlineData(ScaleKind.SquareRoot, -3, 0)]
    public void At_ZeroToHundred_BendsAsItsKindSays(ScaleKind kind, double value, double pixel) =>
        Assert.Equal(pixel, new Scale(kind, 0, 100, 0, 100).At(value), 9);

    [Fact]
    public void At_Log_SpacesRatiosEvenly()
    {
        var scale = new Scale(ScaleKind.Log, 1, 100, 0, 200);
        Assert.Equal(100, scale.At(10), 9);
        Assert.False(scale.Shows(0));
        Assert.False(scale.Shows(-1));
    }

    [Fact]
    public void Domain_IncludesWhatIsAsked_AndLeavesNaNOut() =>
        Assert.Equal((0, 8), Scale.Domain(new Axis { Label = "", Include = [0] }, [3, double.NaN, 8, double.PositiveInfinity]));

    [Fact]
    public void Domain_OfOneValue_HasAWidth()
    {
        var axis = new Axis { Label = "" };
        Assert.Equal((2.5, 7.5), Scale.Domain(axis, [5, 5]));
        Assert.Equal((-0.5, 0.5), Scale.Domain(axis, [0]));
        var (min, max) = Scale.Domain(axis, [0.05, 0.05 * (1 + 1e-13)]);   // rounding is no course
        Assert.Equal(0.025, min, 12);
        Assert.Equal(0.075, max, 12);
    }

    [Theory]
    [InlineData(ScaleKind.Linear)]
    [InlineData(ScaleKind.Log)]
    [InlineData(ScaleKind.SquareRoot)]
    public void Domain_OfNothing_IsStillADomain(ScaleKind kind)
    {
        var (min, max) = Scale.Domain(new Axis { Label = "", Scale = kind }, [double.NaN]);
        Assert.True(max > min && new Scale(kind, min, max, 0, 1).Shows(max));
    }

    [Fact]
    public void Domain_FixedEnds_AreKept() =>
        Assert.Equal((0, 1), Scale.Domain(new Axis { Label = "", Min = 0, Max = 1 }, [0.3, 0.4]));
}
