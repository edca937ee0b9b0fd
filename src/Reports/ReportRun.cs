using Rlhf.Evaluation;
using Rlhf.Rewards.Evaluation;

namespace Rlhf.Reports;

/// <summary>One stage's directory, read.</summary>
public sealed record ReportStage
{
    /// <summary>`ppo`, `reward`, …: the folder's name.</summary>
    public required string Name { get; init; }

    /// <summary>recipe.yaml as it stands there; null where it is missing.</summary>
    public string? Recipe { get; init; }

    /// <summary>environment.json, name by name.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; } = [];

    public MetricsTable Metrics { get; init; } = MetricsTable.Empty;
    public IReadOnlyList<SampleRow> Samples { get; init; } = [];
}

/// <summary>A run's directory, read: what a report is made from.</summary>
public sealed record ReportRun
{
    public required string Name { get; init; }
    public required string Folder { get; init; }

    /// <summary>In the order in which a pipeline runs them.</summary>
    public IReadOnlyList<ReportStage> Stages { get; init; } = [];

    public Curve? Curve { get; init; }

    /// <summary>How far the reward model may be trusted.</summary>
    public RewardReport? Trust { get; init; }

    /// <summary>Samples of the evaluation, which have the reference's response beside the policy's; else those of training.</summary>
    public IReadOnlyList<SampleRow> Samples { get; init; } = [];

    /// <summary>What was missing or damaged in the files.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The stage that trained the policy: the last one that logged a KL, else the last.</summary>
    public ReportStage? Policy => Stages.LastOrDefault(stage => stage.Metrics.Find(MetricNames.Kl) is not null) ?? (Stages.Count > 0 ? Stages[^1] : null);
}
