using Rlhf.Evaluation;

namespace Rlhf.Tests.Evaluation;

/// <summary>A policy and a reference over three tokens and three steps, small enough to enumerate all 27 sequences.</summary>
public sealed class KlSummaryTests
{
    private static readonly BootstrapOptions s_options = new() { Resamples = 500, Seed = 3 };

    [Fact]
    public void Of_SamplesOfAnEnumerableModel_HasTheExactKlInEveryInterval()
    {
        var truth = EnumeratedKl();
        var (k1, k3, exact) = Sample(4000, slip: 0);
        var summary = KlSummary.Of(k1, k3, exact, s_options);
        Assert.True(summary.K1.Contains(truth), $"{summary.K1} against {truth}");
        Assert.True(summary.K3.Contains(truth), $"{summary.K3} against {truth}");
        Assert.True(summary.Exact.Contains(truth), $"{summary.Exact} against {truth}");
        Assert.True(summary.Agree);
        Assert.True(summary.Exact.High - summary.Exact.Low < summary.K1.High - summary.K1.Low);
        Assert.Same(summary.Exact, summary.Best);
    }

    [Fact]
    public void Of_LogProbsThatAreOff_DoesNotAgree()
    {
        var (k1, k3, exact) = Sample(4000, slip: 0.05);
        var summary = KlSummary.Of(k1, k3, exact, s_options);
        Assert.False(summary.Agree);
        Assert.True(summary.K1Deviation > 4);
    }

    [Fact]
    public void Best_NoExactKl_IsK1()
    {
        var summary = KlSummary.Of([1, 2], [1, 2], [double.NaN, double.NaN], s_options);
        Assert.Same(summary.K1, summary.Best);
        Assert.True(summary.Agree);
    }

    [Fact]
    public void Of_PolicyThatIsTheReference_IsZeroAndAgrees()
    {
        var summary = KlSummary.Of([0, 0, 0], [0, 0, 0], [0, 0, 0], s_options);
        Assert.Equal(new Estimate(0, 0, 0), summary.Best);
        Assert.True(summary.Agree);
    }

    private static double[] Policy(int previous) => previous switch { 0 => [0.6, 0.3, 0.1], 1 => [0.2, 0.5, 0.3], _ => [0.1, 0.1, 0.8] };

    private static double[] Reference(int previous) => previous switch { 0 => [0.4, 0.4, 0.2], 1 => [0.3, 0.3, 0.4], _ => [0.3, 0.2, 0.5] };

    private static double EnumeratedKl()
    {
        var sum = 0.0;
        for (var a = 0; a < 3; a++)
            for (var b = 0; b < 3; b++)
                for (var c = 0; c < 3; c++)
                {
                    var policy = Policy(0)[a] * Policy(a)[b] * Policy(b)[c];
                    var reference = Reference(0)[a] * Reference(a)[b] * Reference(b)[c];
                    sum += policy * Math.Log(policy / reference);
                }

        return sum;
    }

    private static (double[] K1, double[] K3, double[] Exact) Sample(int count, double slip)
    {
        var random = new Random(11);
        double[] k1 = new double[count], k3 = new double[count], exact = new double[count];
        for (var i = 0; i < count; i++)
        {
            var previous = 0;
            for (var t = 0; t < 3; t++)
            {
                double[] policy = Policy(previous), reference = Reference(previous);
                var u = random.NextDouble();
                var token = u < policy[0] ? 0 : u < policy[0] + policy[1] ? 1 : 2;
                var ratio = Math.Log(policy[token] / reference[token]) + slip;
                k1[i] += ratio;
                k3[i] += Math.Exp(-ratio) - 1 + ratio;
                exact[i] += Enumerable.Range(0, 3).Sum(v => policy[v] * Math.Log(policy[v] / reference[v]));
                previous = token;
            }
        }

        return (k1, k3, exact);
    }
}
