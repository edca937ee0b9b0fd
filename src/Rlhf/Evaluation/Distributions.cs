namespace Rlhf.Evaluation;

/// <summary>The normal distribution and Student's t, as far as intervals and tests need them.</summary>
internal static class Distributions
{
    /// <summary>P(Z ≤ z), to 1e-7 of itself (a Chebyshev fit to erfc; Press et al., "Numerical Recipes", 6.2).</summary>
    public static double Normal(double z)
    {
        var x = Math.Abs(z) / Math.Sqrt(2);
        var t = 1 / (1 + x / 2);
        var tail = 0.5 * t * Math.Exp(-x * x - 1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806
            + t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)))))))));
        return z < 0 ? tail : 1 - tail;
    }

    /// <summary>The z below which Z lies with a probability above 0 and below 1.</summary>
    public static double NormalQuantile(double probability)
    {
        double low = -40, high = 40;
        while (high - low > 1e-10)
        {
            var middle = (low + high) / 2;
            if (Normal(middle) < probability) low = middle;
            else high = middle;
        }

        return (low + high) / 2;
    }

    /// <summary>P(T ≤ t) with so many degrees of freedom.</summary>
    public static double StudentT(double t, double freedom)
    {
        if (double.IsNaN(t)) return double.NaN;
        if (double.IsInfinity(t)) return t > 0 ? 1 : 0;
        var tail = 0.5 * IncompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
        return t < 0 ? tail : 1 - tail;
    }

    /// <summary>The t below which T lies with a probability.</summary>
    public static double StudentTQuantile(double probability, double freedom)
    {
        if (probability == 0.5) return 0;
        if (probability < 0.5) return -StudentTQuantile(1 - probability, freedom);
        double low = 0, high = 1;
        while (StudentT(high, freedom) < probability && high < 1e12) high *= 2;
        for (var i = 0; i < 200 && high - low > 1e-13 * high; i++)
        {
            var middle = (low + high) / 2;
            if (StudentT(middle, freedom) < probability) low = middle;
            else high = middle;
        }

        return (low + high) / 2;
    }

    // The regularised incomplete beta function by its continued fraction (Lentz).
    private static double IncompleteBeta(double x, double a, double b)
    {
        if (x <= 0) return 0;
        if (x >= 1) return 1;
        var front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * Math.Log(x) + b * Math.Log(1 - x));
        return x < (a + 1) / (a + b + 2) ? front * Fraction(x, a, b) / a : 1 - front * Fraction(1 - x, b, a) / b;
    }

    private static double Fraction(double x, double a, double b)
    {
        const double Tiny = 1e-300;
        double c = 1, d = 1 / Kept(1 - (a + b) * x / (a + 1)), value = d;
        for (var m = 1; m < 500; m++)
        {
            Step(m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)));
            if (Math.Abs(Step(-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))) - 1) < 1e-15) break;
        }

        return value;

        double Step(double coefficient)
        {
            d = 1 / Kept(1 + coefficient * d);
            c = Kept(1 + coefficient / c);
            value *= d * c;
            return d * c;
        }

        static double Kept(double number) => Math.Abs(number) < Tiny ? Tiny : number;
    }

    // Lanczos, to 1e-10.
    private static double LogGamma(double x)
    {
        double[] coefficients = [76.18009172947146, -86.50532032941677, 24.01409824083091, -1.231739572450155, 0.1208650973866179e-2, -0.5395239384953e-5];
        var sum = 1.000000000190015;
        for (var i = 0; i < coefficients.Length; i++) sum += coefficients[i] / (x + 1 + i);
        return (x + 0.5) * Math.Log(x + 5.5) - (x + 5.5) + Math.Log(2.5066282746310005 * sum / x);
    }
}
