namespace Rlhf.Rewards.Scorers;

/// <summary>A scorer that has something to tell of its work beside the scores: what it cost, how often it had to ask again.</summary>
public interface IMeasured
{
    /// <summary>By the names of metrics.jsonl.</summary>
    IReadOnlyDictionary<string, double> Measures { get; }
}
