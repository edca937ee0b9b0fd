namespace Rlhf.Evaluation;

/// <summary>Whose curve is fitted; the two obey different laws.</summary>
public enum FitForm
{
    /// <summary>R = d(α − βd).</summary>
    BestOfN,

    /// <summary>R = d(α − β ln d).</summary>
    Policy,
}

/// <summary>
/// Gain in reward against drift d = √KL (Gao, Schulman and Hilton 2022, "Scaling laws for reward model
/// overoptimization"). Gains are over the reference, so the curve starts at (0, 0).
/// </summary>
public sealed record OveroptimisationFit(FitForm Form, double Alpha, double Beta)
{
    /// <summary>The drift at which the gain is greatest: α/2β, or exp(α/β − 1); infinite where it never falls, 0 where it never rises.</summary>
    public double PeakDrift => Form switch
    {
        FitForm.BestOfN when Alpha <= 0 && Beta >= 0 => 0,
        FitForm.BestOfN => Beta > 0 ? Alpha / (2 * Beta) : double.PositiveInfinity,
        _ => Beta > 0 ? Math.Exp(Alpha / Beta - 1) : Alpha > 0 || Beta < 0 ? double.PositiveInfinity : 0,
    };

    public double PeakKl => PeakDrift * PeakDrift;

    /// <summary>The fitted gain at a KL in nats per sequence.</summary>
    public double At(double kl)
    {
        var drift = Drift(kl);
        return drift == 0 ? 0 : drift * (Alpha - Beta * Shape(Form, drift));
    }

    /// <summary>√KL; a KL below 0 is the noise of an estimate of 0.</summary>
    public static double Drift(double kl) => Math.Sqrt(Math.Max(kl, 0));

    /// <summary>
    /// Least squares of both parameters; null where fewer than two different drifts above 0 leave them undetermined.
    /// The law is linear in (α, β), so the normal equations are solved exactly.
    /// </summary>
    public static OveroptimisationFit? Fit(FitForm form, IReadOnlyList<double> kls, IReadOnlyList<double> gains)
    {
        double aa = 0, ab = 0, bb = 0, ay = 0, by = 0;
        for (var i = 0; i < kls.Count; i++)
        {
            var drift = Drift(kls[i]);
            if (!(drift > 0) || !double.IsFinite(drift) || !double.IsFinite(gains[i])) continue;
            double a = drift, b = -drift * Shape(form, drift);
            aa += a * a;
            ab += a * b;
            bb += b * b;
            ay += a * gains[i];
            by += b * gains[i];
        }

        var determinant = aa * bb - ab * ab;
        if (!(determinant > 1e-10 * aa * bb)) return null;
        return new OveroptimisationFit(form, (ay * bb - by * ab) / determinant, (by * aa - ay * ab) / determinant);
    }

    private static double Shape(FitForm form, double drift) => form == FitForm.BestOfN ? drift : Math.Log(drift);
}
