using MathNet.Numerics.Distributions;
using Rlhf.Evaluation;

namespace Rlhf.Tests.Evaluation;

/// <summary>Fewer repetitions of what `benchmarks -- coverage` measures: 200 of a true 94% lie within 89.5 to 98.5% but once in a hundred.</summary>
public sealed class CoverageTests
{
    private const double Least = 0.895, Most = 0.99;

    [Fact]
    public void Intervals_OfReports_HoldTheTruthNineteenTimesInTwenty()
    {
        foreach (var found in CoverageProblem.Measure(200, 64, new BootstrapOptions { Resamples = 500 }))
            Assert.True(found.Share is >= Least and <= Most, $"{found.Name}: {found.Share:0.000}");
    }

    [Fact]
    public void WinRate_OfTheProblem_IsThatOfItsNormals() => Assert.Equal(CoverageProblem.WinRate, Normal.CDF(0, 1, 0.5 / Math.Sqrt(1.53)), 4);
}
