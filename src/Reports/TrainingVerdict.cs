using Rlhf.Evaluation;
using Rlhf.Reports.Charts;

namespace Rlhf.Reports;

/// <summary>What can be said of a run whose curve was not evaluated: what its own log says, and no more.</summary>
public static class TrainingVerdict
{
    public static Verdict Of(ReportRun run)
    {
        string[] missing = ["The KL-versus-reward curve was not evaluated: run `rlhf curve` on this run to learn which checkpoint to use."];
        if (run.Policy is not { } stage || stage.Metrics.Find(MetricNames.Score) is not { } score)
            return new Verdict { Kind = VerdictKind.Unknown, Headline = "Nothing to judge yet: no score was logged.", Missing = missing };

        var kl = stage.Metrics.Find(MetricNames.Kl);
        var drift = kl is null ? "" : $" at a KL of {NumberFormat.Value(kl.Late)} nats per sequence";
        var verb = score.Late > score.Early ? "rose" : score.Late < score.Early ? "fell" : "stayed";
        return new Verdict
        {
            Kind = stage.Metrics.Find(MetricNames.Gold) is null ? VerdictKind.ProxyOnly : VerdictKind.Unknown,
            Headline = $"In training the score {verb} from {NumberFormat.Value(score.Early)} to {NumberFormat.Value(score.Late)}{drift}.",
            Reasons = [.. Warnings(stage.Metrics)],
            Missing = missing,
        };
    }

    private static IEnumerable<string> Warnings(MetricsTable metrics)
    {
        if (metrics.Find(MetricNames.Kl) is { Late: < -0.5 } kl)
            yield return $"The logged KL is {NumberFormat.Value(kl.Late)}: it cannot be negative. Look for sampling truncation or a temperature that the log-probs do not know of.";
        if (metrics.Find(MetricNames.Entropy) is { } entropy && entropy.Late < 0.1 * entropy.Early)
            yield return $"Entropy fell from {NumberFormat.Value(entropy.Early)} to {NumberFormat.Value(entropy.Late)} nats per token: the policy has nearly stopped varying. Raise β or the entropy coefficient.";
        if (metrics.Find(MetricNames.EosRate) is { Late: < 0.05 } eos)
            yield return $"Only {NumberFormat.Percent(eos.Late, 1)} of responses end by themselves: scores are of cut-off text. Raise the response length or penalise a missing EOS.";
        if (metrics.Find(MetricNames.Gold) is { } gold && gold.Late < gold.Early && metrics.Find(MetricNames.Score) is { } score && score.Late > score.Early)
            yield return $"Gold fell from {NumberFormat.Value(gold.Early)} to {NumberFormat.Value(gold.Late)} while the proxy rose: the reward model is being exploited.";
    }
}
