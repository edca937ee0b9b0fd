using Rlhf.Rewards.Models;

namespace Rlhf.Evaluation.Study;

/// <summary>What claims, charts and tables call things.</summary>
internal static class StudyWords
{
    public static string Name(FitForm method) => method == FitForm.BestOfN ? "best-of-n" : "ppo";

    public static string Method(FitForm method) => method == FitForm.BestOfN ? "best-of-n" : "PPO";

    public static string Short(Combination? ensemble) => ensemble switch
    {
        null => "alone",
        Combination.Mean => "mean",
        Combination.Minimum => "WCO",
        Combination.MeanMinusVariance => "UWO",
        _ => "mean − deviation",
    };

    public static string Long(Combination ensemble) => ensemble switch
    {
        Combination.Mean => "The mean of an ensemble",
        Combination.Minimum => "The worst case of an ensemble (WCO)",
        Combination.MeanMinusVariance => "The uncertainty-weighted mean of an ensemble (UWO)",
        _ => "The mean of an ensemble less its deviation",
    };

    public static string Of(Holding holding) => holding switch
    {
        Holding.Holds => "holds",
        Holding.DoesNot => "does not hold",
        _ => "cannot be told",
    };

    public static string Of(TurnKind kind) => kind switch
    {
        TurnKind.None => "rises to the end",
        TurnKind.Turned => "rises and falls",
        TurnKind.AtOnce => "never rises",
        _ => "unclear",
    };
}
