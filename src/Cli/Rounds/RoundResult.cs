using System.Text.Json;
using Rlhf.Evaluation;
using Rlhf.Foundation.Files;
using Rlhf.Rewards.Evaluation;

namespace Rlhf.Cli.Rounds;

/// <summary>What a round came to.</summary>
/// <param name="Labels">Preferences that its reward model has learnt from, those of earlier rounds included.</param>
/// <param name="Gold">Of the policy after the round; null where no gold is named.</param>
/// <param name="Reference">The reference's gold on the same prompts.</param>
internal sealed record RoundResult(int Round, long Labels, Estimate? Gold, Estimate? Reference, Estimate Proxy, Estimate? GoldGain, Estimate? WinRate, double Kl, double? RewardAccuracy)
{
    public const string FileName = "rounds.json";

    public static RoundResult Read(int round, long labels, string folder)
    {
        var curve = CurveJson.Read(Path.Combine(folder, "curve", "curve.json"));
        var last = curve.Points.MaxBy(point => point.Step)!;
        var trust = Path.Combine(folder, "reward", "trust.json");
        return new RoundResult(round, labels, last.Gold, curve.Reference.Gold, last.Proxy, last.GoldGain, last.GoldWinRate ?? last.ProxyWinRate, last.Kl.Best.Value,
            File.Exists(trust) ? RewardReportJson.Read(trust).Accuracy.Value : null);
    }

    public static void Write(string folder, IReadOnlyList<RoundResult> results) => Durable.WriteText(Path.Combine(folder, FileName), JsonSerializer.Serialize(results, JsonText.Indented) + "\n");
}
