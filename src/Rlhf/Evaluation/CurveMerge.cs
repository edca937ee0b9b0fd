using Rlhf.Foundation;

namespace Rlhf.Evaluation;

/// <summary>One curve from those of several runs that share a reference and its prompts.</summary>
internal static class CurveMerge
{
    /// <summary>The points of all, each under its run's name, fitted anew together; reference and best-of-n are the first curve's.</summary>
    public static Curve Of(IReadOnlyList<(string Run, Curve Curve)> curves, BootstrapOptions options)
    {
        if (curves.Count == 0) throw new ArgumentException("there is no curve to merge");
        var (name, first) = curves[0];
        if (curves.FirstOrDefault(curve => curve.Curve.Prompts != first.Prompts) is { Curve: not null } other)
            throw new RlhfException($"{other.Run} was evaluated on {other.Curve.Prompts} prompts and {name} on {first.Prompts}: evaluate them alike (`rlhf curve` with the same recipe) to compare them");
        CurvePoint[] points = [.. curves.SelectMany(curve => curve.Curve.Points.Select(point => point with { Run = curve.Run }))];
        return first with { Points = points, Fits = [.. first.Fits.Where(fit => fit.Form == FitForm.BestOfN), .. CurveBuilder.Fits(points, options)] };
    }
}
