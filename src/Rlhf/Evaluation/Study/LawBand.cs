namespace Rlhf.Evaluation.Study;

/// <summary>A fitted law drawn from 0 to the last point, with the band that resampled prompts leave it.</summary>
internal sealed record LawBand(IReadOnlyList<double> Kl, IReadOnlyList<double> Gain, IReadOnlyList<double> Low, IReadOnlyList<double> High)
{
    private const int Places = 40;

    /// <summary>Null where the points do not determine the law.</summary>
    public static LawBand? Of(StudyArm arm, BootstrapOptions options)
    {
        var prompts = arm.Runs[0].Points[0].Kl.Count;
        var whole = ArmNumbers.Of(arm, [.. Enumerable.Range(0, prompts)]);
        if (whole.Fit is null) return null;
        double[] kl = [.. Enumerable.Range(0, Places + 1).Select(i => whole.LargestKl * i * i / (Places * Places))];
        var found = Bootstrap.Statistics(prompts, drawn =>
        {
            var numbers = ArmNumbers.Of(arm, drawn);
            return [.. kl.Select(numbers.At)];
        }, options);
        return new LawBand(kl, [.. found.Select(one => one.Value)], [.. found.Select(one => one.Low)], [.. found.Select(one => one.High)]);
    }
}
