using System.Text.Json.Serialization;

namespace Rlhf.Evaluation;

/// <summary>
/// Three estimates of one KL(policy ‖ reference) per sequence, from the policy's own samples: k1 = Σ(logπ − logρ),
/// unbiased and noisy; k3 = Σ(e^(logρ−logπ) − 1 + logπ − logρ), never negative (Schulman 2020); and the exact sum over
/// the vocabulary at every sampled state, which has the least variance. All three have the same expectation, so
/// where they part by more than their error the log-probs are wrong.
/// </summary>
public sealed record KlSummary(Estimate K1, Estimate K3, Estimate Exact)
{
    /// <summary>(k1 − exact) in standard errors of the paired difference: within ±4 unless something is wrong.</summary>
    public double K1Deviation { get; init; }

    /// <summary>(k3 − exact) in standard errors of the paired difference.</summary>
    public double K3Deviation { get; init; }

    /// <summary>The estimate to plot: the exact one, and k1 where only log-probs were kept.</summary>
    [JsonIgnore]
    public Estimate Best => double.IsFinite(Exact.Value) ? Exact : K1;

    [JsonIgnore]
    public bool Agree => !(Math.Abs(K1Deviation) > 4) && !(Math.Abs(K3Deviation) > 4);

    /// <summary>One number per prompt of each kind, in the same order.</summary>
    public static KlSummary Of(IReadOnlyList<double> k1, IReadOnlyList<double> k3, IReadOnlyList<double> exact, BootstrapOptions options)
    {
        var all = Bootstrap.Statistics(exact.Count, drawn => [Mean(k1, drawn), Mean(k3, drawn), Mean(exact, drawn)], options);
        return new KlSummary(all[0], all[1], all[2])
        {
            K1Deviation = Deviation(k1, exact),
            K3Deviation = Deviation(k3, exact),
        };
    }

    private static double Mean(IReadOnlyList<double> values, int[] drawn) => drawn.Length == 0 ? double.NaN : drawn.Average(i => values[i]);

    // Mean difference over its standard error; 0 where there is no difference at all, NaN where one prompt gives no error.
    private static double Deviation(IReadOnlyList<double> estimate, IReadOnlyList<double> exact)
    {
        var differences = estimate.Zip(exact, (a, b) => a - b).ToArray();
        if (differences.All(difference => Math.Abs(difference) < 1e-12)) return 0;
        if (differences.Length < 2) return double.NaN;
        var mean = differences.Average();
        var variance = differences.Sum(difference => (difference - mean) * (difference - mean)) / (differences.Length - 1);
        return mean / Math.Sqrt(variance / differences.Length);
    }
}
