using Rlhf.Reports.Charts;

namespace Rlhf.Reports;

/// <summary>A standard chart of metrics against the step: what is drawn where a run has logged any of them.</summary>
public sealed record MetricChart(string Id, string Title, string Description, string Unit, IReadOnlyList<(string Metric, string Label)> Lines)
{
    public ScaleKind Scale { get; init; } = ScaleKind.Linear;

    /// <summary>Values the axis must reach.</summary>
    public IReadOnlyList<double> Include { get; init; } = [];
}

/// <summary>The course of training.</summary>
public static class TrainingCharts
{
    /// <summary>Fewer points than this are shown as they are; more are smoothed with the raw line behind.</summary>
    private const int ManyPoints = 40;

    private static readonly MetricChart[] s_charts =
    [
        new("score", "Score", "Mean score of the episodes of each step. It has to rise; whether the rise is real, only gold and samples tell.", "score",
            [(MetricNames.RawScore, "proxy"), (MetricNames.Score, "as trained on"), (MetricNames.Gold, "gold")]),
        new("kl", "KL from the reference", "Drift per sequence by three estimates, which agree unless log-probs are wrong.", "nats per sequence",
            [(MetricNames.Kl, "k1"), (MetricNames.KlK3, "k3"), (MetricNames.KlExact, "exact")]) { Include = [0] },
        new("beta", "KL coefficient β", "The price of drift. An adaptive controller moves it until the KL meets its target.", "β", [(MetricNames.KlCoefficient, "β")]),
        new("entropy", "Entropy", "Per response token. A collapse to near 0 means that the policy says the same thing always.", "nats per token", [(MetricNames.Entropy, "entropy")]) { Include = [0] },
        new("length", "Response length", "Mean tokens per response. Growth without end is a common way of exploiting a reward model.", "tokens", [(MetricNames.Length, "length")]) { Include = [0] },
        new("shares", "Shares of episodes", "Episodes that ended by themselves, and episodes whose score passes the threshold.", "share",
            [(MetricNames.EosRate, "ended with EOS"), (MetricNames.SuccessRate, "succeeded")]) { Include = [0, 1] },
        new("diversity", "Diversity", "Different 1-grams and 2-grams as a share of all; the share of n-grams repeated within a response.", "share",
            [(MetricNames.Distinct1, "distinct-1"), (MetricNames.Distinct2, "distinct-2"), (MetricNames.Repetition, "repetition")]) { Include = [0] },
        new("loss", "Loss", "Of the model being fitted; held-out loss that rises while training loss falls is overfitting.", "loss",
            [(MetricNames.Loss, "training"), (MetricNames.EvalLoss, "held out")]),
        new("accuracy", "Accuracy", "Share of pairs ordered as the labels say.", "share",
            [(MetricNames.Accuracy, "training"), (MetricNames.EvalAccuracy, "held out")]),
        new("policy-loss", "Policy loss", "Its size says little; a jump says that something changed.", "loss", [(MetricNames.PolicyLoss, "policy")]),
        new("value-loss", "Value loss", "How wrong the critic is about returns. It falls first and then follows the score's scale.", "loss", [(MetricNames.ValueLoss, "value")]) { Include = [0] },
        new("clip-fraction", "Clip fraction", "Share of tokens whose update was stopped at the clip. A few percent is usual; much more means steps that are too large.", "share", [(MetricNames.ClipFraction, "clip fraction")]) { Include = [0] },
        new("approx-kl", "Size of the updates", "KL between the policy before and after the updates of each step.", "nats per token", [(MetricNames.ApproximateKl, "approximate KL")]) { Include = [0] },
        new("critic", "Explained variance of the critic", "1 is a critic that foresees every return; 0 one that knows only their mean; below 0 it does harm.", "share", [(MetricNames.ExplainedVariance, "explained variance")]),
        new("gradients", "Gradient norms", "Before clipping.", "norm",
            [(MetricNames.GradientNorm, "gradient"), (MetricNames.PolicyGradientNorm, "policy"), (MetricNames.CriticGradientNorm, "critic")]) { Scale = ScaleKind.Log },
        new("learning-rate", "Learning rate", "As scheduled.", "learning rate", [(MetricNames.LearningRate, "learning rate"), (MetricNames.PolicyLearningRate, "policy"), (MetricNames.CriticLearningRate, "critic")]) { Include = [0] },
    ];

    /// <summary>In the order they are shown.</summary>
    internal static IReadOnlyList<MetricChart> All => s_charts;

    /// <summary>The standard charts that the stage has numbers for.</summary>
    public static IEnumerable<Chart> Standard(ReportStage stage)
    {
        foreach (var chart in s_charts)
            if (chart.Lines.Any(line => stage.Metrics.Find(line.Metric) is not null))
                yield return AgainstStep(stage, chart);
        foreach (var chart in OfTerms(stage.Metrics)) yield return AgainstStep(stage, chart);
        if (SampleEfficiency(stage) is { } efficiency) yield return efficiency;
    }

    /// <summary>Of a score of several terms: what each gives, and whose differences decide.</summary>
    private static IEnumerable<MetricChart> OfTerms(MetricsTable metrics)
    {
        string[] terms = [.. metrics.Names.Where(name => name.StartsWith(MetricNames.TermShare, StringComparison.Ordinal)).Select(name => name[MetricNames.TermShare.Length..])];
        if (terms.Length == 0) return [];
        return
        [
            new("term-scores", "Terms of the score", "Mean of each term over the episodes, before its weight.", "score", [.. terms.Select(term => (MetricNames.TermScore + term, term))]),
            new("term-shares", "Shares of the score's terms", "How much of what tells episodes apart comes from each term; they add up to 1. A term below 0 pulls against the others; one near 1 decides alone.", "share",
                [.. terms.Select(term => (MetricNames.TermShare + term, term))]) { Include = [0, 1] },
        ];
    }

    /// <summary>A plain chart for every metric that no standard chart shows.</summary>
    public static IEnumerable<Chart> Others(ReportStage stage)
    {
        var shown = s_charts.Concat(OfTerms(stage.Metrics)).SelectMany(chart => chart.Lines).Select(line => line.Metric).Append(MetricNames.Episodes).ToHashSet();
        return stage.Metrics.Names.Where(name => !shown.Contains(name) && stage.Metrics.Find(name) is not null)
            .Select((name, i) => AgainstStep(stage, new MetricChart($"other-{i + 1}", name, "As logged.", name, [(name, name)])));
    }

    private static Chart AgainstStep(ReportStage stage, MetricChart standard) => new()
    {
        Id = $"{stage.Name}-{standard.Id}",
        Title = standard.Title,
        Description = standard.Description,
        X = new Axis { Label = "step" },
        Y = new Axis { Label = standard.Unit, Scale = standard.Scale, Include = standard.Include },
        Marks = [.. Different(stage.Metrics, standard.Lines).SelectMany((line, i) => Lines(stage.Metrics, stage.Metrics.Steps, line.Metric, line.Label, Ink.Number(i)))],
    };

    // Where scores are trained on as they come, the two lines would hide each other.
    private static IEnumerable<(string Metric, string Label)> Different(MetricsTable metrics, IReadOnlyList<(string Metric, string Label)> lines)
    {
        IReadOnlyList<double>[] shown = [];
        foreach (var line in lines)
        {
            if (metrics.Find(line.Metric)?.Values is { } values)
            {
                if (shown.Any(values.SequenceEqual)) continue;
                shown = [.. shown, values];
            }

            yield return line;
        }
    }

    /// <summary>Score against episodes seen: what runs of different batch sizes are compared by.</summary>
    private static Chart? SampleEfficiency(ReportStage stage)
    {
        if (EpisodesSeen(stage.Metrics) is not { } episodes || stage.Metrics.Find(MetricNames.Score) is null) return null;
        return new Chart
        {
            Id = $"{stage.Name}-efficiency",
            Title = "Score against episodes seen",
            Description = "How many sampled responses the score cost: the number to compare runs of different batch sizes by.",
            X = new Axis { Label = "episodes" },
            Y = new Axis { Label = "score" },
            Marks = [.. Lines(stage.Metrics, episodes, stage.Metrics.Find(MetricNames.RawScore) is null ? MetricNames.Score : MetricNames.RawScore, "proxy", new Ink(1)), .. Lines(stage.Metrics, episodes, MetricNames.Gold, "gold", new Ink(2))],
        };
    }

    /// <summary>Episodes seen at each line; null where the run did not log them.</summary>
    public static double[]? EpisodesSeen(MetricsTable metrics)
    {
        if (metrics.Find(MetricNames.Episodes) is not { } logged) return null;
        var episodes = Enumerable.Repeat(double.NaN, metrics.Steps.Count).ToArray();
        for (var i = 0; i < logged.Rows.Count; i++) episodes[logged.Rows[i]] = logged.Values[i];
        return episodes;
    }

    /// <summary>A metric as a line, smoothed where it is long.</summary>
    public static IEnumerable<LineMark> Lines(MetricsTable metrics, IReadOnlyList<double> x, string metric, string label, Ink ink)
    {
        if (metrics.Find(metric) is not { } series) yield break;
        var raw = new LineMark { Name = label, Ink = ink, X = [.. series.Rows.Select(row => x[row])], Y = series.Values };
        if (series.Values.Count < ManyPoints)
        {
            yield return raw;
            yield break;
        }

        yield return raw with { Ink = ink with { Weight = Weight.Faint }, Legend = "" };
        yield return raw with { Name = $"{label}, smoothed", Legend = label, Y = Smoothing.LocalLine(series.Values, series.Values.Count / 16) };
    }
}
