using Rlhf.Policies.Families;
using Rlhf.Policies.Kernels;

namespace Rlhf.Policies.Fused;

/// <summary>How the rows of a trunk lie in panels.</summary>
internal sealed class TrunkShape
{
    public TrunkShape(TransformerConfig config)
    {
        Config = config;
        Heads = new AttentionHeads(config.Heads, config.KeyValueHeads, config.HeadWidth, config.SlidingWindow ?? 0);
        Width = ChunkMap.Plain(config.Width);
        QueryKeyValue = ChunkMap.Heads(config.Heads + 2 * config.KeyValueHeads, config.HeadWidth);
        Mixed = ChunkMap.Heads(config.Heads, config.HeadWidth);
        Up = config.GatedFeedForward ? ChunkMap.Gated(config.Hidden) : ChunkMap.Plain(config.Hidden);
        Hidden = ChunkMap.Plain(config.Hidden);
    }

    public TransformerConfig Config { get; }

    public AttentionHeads Heads { get; }

    /// <summary>D.</summary>
    public ChunkMap Width { get; }

    public ChunkMap QueryKeyValue { get; }

    /// <summary>What attention gives.</summary>
    public ChunkMap Mixed { get; }

    /// <summary>What the first product of a feed-forward layer gives.</summary>
    public ChunkMap Up { get; }

    /// <summary>What the second one takes.</summary>
    public ChunkMap Hidden { get; }
}
