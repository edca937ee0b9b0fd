using Rlhf.Rewards.Evaluation;

namespace Rlhf.Reports;

/// <summary>The page of one reward model's evaluation.</summary>
public static class TrustReport
{
    public static string Html(string model, RewardReport report) =>
        ReportPage.Of(model, "Reward model report", [("trust", "How far to trust it")], html => TrustSection.Write(html, report));
}
