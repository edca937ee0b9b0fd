namespace Rlhf.Reports;

/// <summary>The metrics that the report's charts are drawn from, as metrics.jsonl names them.</summary>
public static class MetricNames
{
    public const string Step = "step";
    public const string Episodes = "episodes";
    public const string Score = "score";
    public const string ScoreStd = "score_std";
    public const string Gold = "gold";
    public const string Reward = "reward";
    public const string Kl = "kl";
    public const string KlK3 = "kl_k3";
    public const string KlExact = "kl_exact";
    public const string KlPerToken = "kl_per_token";
    public const string KlTarget = "kl_target";
    public const string Beta = "beta";
    public const string Entropy = "entropy";
    public const string Length = "length";
    public const string EosRate = "eos_rate";
    public const string PolicyLoss = "policy_loss";
    public const string ValueLoss = "value_loss";
    public const string ClipFraction = "clip_fraction";
    public const string ApproximateKl = "approx_kl";
    public const string RatioMax = "ratio_max";
    public const string ExplainedVariance = "explained_variance";
    public const string PolicyGradientNorm = "policy_gradient_norm";
    public const string CriticGradientNorm = "critic_gradient_norm";
    public const string LearningRate = "learning_rate";
    public const string Distinct1 = "distinct1";
    public const string Distinct2 = "distinct2";
    public const string Repetition = "repetition";
    public const string SuccessRate = "success_rate";
    public const string Loss = "loss";
    public const string EvalLoss = "eval_loss";
    public const string Accuracy = "accuracy";
    public const string EvalAccuracy = "eval_accuracy";
}
