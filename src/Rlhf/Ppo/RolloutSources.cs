using Rlhf.Foundation.Jobs;
using Rlhf.Rewards.Scorers;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>What episodes are made with, beside the models.</summary>
internal sealed record RolloutSources
{
    /// <summary>Null where a teacher alone is learnt from: then all episodes score 0.</summary>
    public required IScorer? Scorer { get; init; }

    /// <summary>The score that is meant: looked at, never learned from.</summary>
    public IScorer? Gold { get; init; }

    /// <summary>Tokens as text, without special tokens.</summary>
    public required Func<int[], string> Decode { get; init; }

    public required ulong Seed { get; init; }

    public required Device Device { get; init; }

    /// <summary>The processes that share the work.</summary>
    public Collective Job { get; init; } = Collective.Alone;
}
