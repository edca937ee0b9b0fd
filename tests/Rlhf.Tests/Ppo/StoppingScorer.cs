using Rlhf.Rewards.Scorers;

namespace Rlhf.Tests.Ppo;

/// <summary>Asks for a stop in the middle of a step, as a signal would.</summary>
internal sealed class StoppingScorer(CancellationTokenSource stop, int? after) : IScorer
{
    private readonly CountingScorer _scorer = new();
    private int _calls;

    public string Name => _scorer.Name;

    public double[] Score(IReadOnlyList<ScoredText> items)
    {
        if (++_calls == after) stop.Cancel();
        return _scorer.Score(items);
    }
}
