using Rlhf.Evaluation;

namespace Rlhf.Reports;

/// <summary>report.html of one run.</summary>
public static class RunReport
{
    public static string Html(ReportRun run)
    {
        var verdict = run.Curve is null ? TrainingVerdict.Of(run) : Judge.Of(run.Curve);
        var samples = run.Samples;
        return ReportPage.Of(run.Name, "Training report", Contents(run, samples), html =>
        {
            VerdictSection.Write(html, verdict, VerdictSection.Tiles(run, verdict), run.Notes);
            if (run.Curve is not null) CurveSection.Write(html, run.Curve);
            if (run.Policy is { } policy) TrainingSection.Write(html, policy);
            SamplesSection.Write(html, samples);
            if (run.Trust is not null) TrustSection.Write(html, run.Trust);
            foreach (var stage in run.Stages.Where(stage => stage != run.Policy)) TrainingSection.Write(html, stage);
            ConfigurationSection.Write(html, run.Stages);
        });
    }

    private static IEnumerable<(string Anchor, string Name)> Contents(ReportRun run, IReadOnlyList<SampleRow> samples)
    {
        yield return ("verdict", "Verdict");
        if (run.Curve is not null) yield return ("curve", "Reward against drift");
        if (run.Policy is { Metrics.Steps.Count: > 0 } policy) yield return ($"training-{policy.Name}", $"Training: {policy.Name}");
        if (samples.Count > 0) yield return ("samples", "Samples");
        if (run.Trust is not null) yield return ("trust", "Reward model");
        foreach (var stage in run.Stages.Where(stage => stage != run.Policy && stage.Metrics.Steps.Count > 0)) yield return ($"training-{stage.Name}", $"Training: {stage.Name}");
        if (run.Stages.Count > 0) yield return ("configuration", "Configuration");
    }
}
