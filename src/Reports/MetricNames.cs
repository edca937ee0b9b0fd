namespace Rlhf.Reports;

/// <summary>The metrics that the report's charts are drawn from, as metrics.jsonl names them.</summary>
public static class MetricNames
{
    public const string Step = "step";
    public const string Episodes = "episodes";
    public const string Score = "score";
    public const string RawScore = "raw_score";
    public const string Gold = "gold";
    public const string Kl = "kl";
    public const string KlK3 = "kl_k3";
    public const string KlExact = "kl_exact";
    public const string KlCoefficient = "kl_coefficient";
    public const string Entropy = "entropy";
    public const string Length = "response_length";
    public const string EosRate = "eos_rate";
    public const string PolicyLoss = "policy_loss";
    public const string ValueLoss = "value_loss";
    public const string ClipFraction = "clip_fraction";
    public const string ApproximateKl = "approximate_kl";
    public const string ExplainedVariance = "explained_variance";
    public const string PolicyGradientNorm = "policy_gradient_norm";
    public const string CriticGradientNorm = "critic_gradient_norm";
    public const string GradientNorm = "gradient_norm";
    public const string LearningRate = "learning_rate";
    public const string PolicyLearningRate = "policy_learning_rate";
    public const string CriticLearningRate = "critic_learning_rate";
    public const string Distinct1 = "distinct_1";
    public const string Distinct2 = "distinct_2";
    public const string Repetition = "repetition";
    public const string SuccessRate = "success_rate";
    public const string Loss = "loss";
    public const string EvalLoss = "eval_loss";
    public const string Accuracy = "accuracy";
    public const string EvalAccuracy = "eval_accuracy";

    /// <summary>What names of a score's terms begin with.</summary>
    public const string TermScore = "score_";
    public const string TermShare = "share_";
}
