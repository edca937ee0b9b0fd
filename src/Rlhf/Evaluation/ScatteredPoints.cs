using MathNet.Numerics.Distributions;

namespace Rlhf.Evaluation;

/// <summary>
/// Points round a fitted law. Two things keep them off it: which prompts were asked, which all points share, and what is a point's own.
/// Resampling prompts shows the first. The second is what residuals hold beyond what prompts explain; it is resampled from them.
/// </summary>
internal sealed class ScatteredPoints
{
    private const int Parameters = 2;
    private const double Normal975 = 1.9599639845;

    private readonly FitForm _form;
    private readonly IReadOnlyList<double>[] _kl, _gain;
    private readonly double[] _mean, _fitted, _own;

    private ScatteredPoints(FitForm form, IReadOnlyList<double>[] kl, IReadOnlyList<double>[] gain, double[] mean, double[] fitted, double[] own) =>
        (_form, _kl, _gain, _mean, _fitted, _own) = (form, kl, gain, mean, fitted, own);

    /// <summary>Null where the points do not determine the law.</summary>
    /// <param name="kl">[point][prompt]</param>
    /// <param name="gain">[point][prompt]</param>
    public static ScatteredPoints? Of(FitForm form, IReadOnlyList<double>[] kl, IReadOnlyList<double>[] gain)
    {
        double[] drift = [.. kl.Select(point => point.Average())], mean = [.. gain.Select(point => point.Average())];
        if (OveroptimisationFit.Fit(form, drift, mean) is not { } fit) return null;
        double[] fitted = [.. drift.Select(fit.At)], residuals = [.. mean.Zip(fitted, (found, law) => found - law)];
        return new ScatteredPoints(form, kl, gain, mean, fitted, [.. residuals.Select(residual => residual * Own(form, drift, gain, mean, residuals))]);
    }

    /// <summary>The law through the points of some prompts, with scatter drawn from all points; null: as they are.</summary>
    public OveroptimisationFit? Fit(int[] prompts, int[]? points)
    {
        double[] kl = [.. _kl.Select(point => Mean(point, prompts))], gain = [.. _gain.Select(point => Mean(point, prompts))];
        return OveroptimisationFit.Fit(_form, kl, points is null ? gain : [.. gain.Select((found, i) => _fitted[i] + found - _mean[i] + _own[points[i]])]);
    }

    /// <summary>
    /// By how much residuals are scaled so that they have the variance of what is the points' own: their sum of squares less what prompts
    /// alone would leave there, over the points less two parameters; widened by what Student's t of so few has over the normal.
    /// </summary>
    private static double Own(FitForm form, double[] drift, IReadOnlyList<double>[] gain, double[] mean, double[] residuals)
    {
        var (points, prompts) = (gain.Length, gain[0].Count);
        var squares = residuals.Sum(residual => residual * residual);
        if (points <= Parameters || prompts < 2 || squares == 0) return 0;
        var ofPrompts = 0.0;
        for (var prompt = 0; prompt < prompts; prompt++)
        {
            double[] deviation = [.. gain.Select((point, i) => point[prompt] - mean[i])];
            var law = OveroptimisationFit.Fit(form, drift, deviation)!;   // the law is linear in its parameters, and so is what it leaves
            for (var i = 0; i < points; i++) ofPrompts += Math.Pow(deviation[i] - law.At(drift[i]), 2);
        }

        var own = Math.Max(0, squares - ofPrompts / prompts / (prompts - 1)) / (points - Parameters);
        return Math.Sqrt(own * points / squares) * StudentT.InvCDF(0, 1, points - Parameters, 0.975) / Normal975;
    }

    private static double Mean(IReadOnlyList<double> values, int[] drawn)
    {
        var sum = 0.0;
        foreach (var i in drawn) sum += values[i];
        return sum / drawn.Length;
    }
}
