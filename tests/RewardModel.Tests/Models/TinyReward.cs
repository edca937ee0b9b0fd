using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using Rlhf.Rewards.Models;

namespace Rlhf.Rewards.Tests.Models;

/// <summary>A reward model with random weights, small enough for a test.</summary>
internal static class TinyReward
{
    public const int Vocabulary = 40, Pad = 0;

    public static CausalLm Policy(long seed = 1, int vocabulary = Vocabulary) =>
        CausalLm.Create(TransformerConfig.Gpt2(vocabulary, 16, 2, 2, 64) with { InitializerRange = 0.2, Eos = 1 }, seed);

    public static RewardModel Create(int heads = 1, long seed = 1) => RewardModel.Create(Policy(seed).Trunk, heads, seed);

    public static RewardEnsemble Ensemble(int heads = 1) => new([Create(heads)], new EnsembleOptions());

    public static int[] Row(int length, int seed = 0) => [.. Enumerable.Range(0, length).Select(i => 2 + (i * 7 + seed * 13 + i * i) % (Vocabulary - 2))];
}
