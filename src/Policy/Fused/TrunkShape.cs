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

    /// <summary>Whether the kernels know all that a trunk of this shape does; one that they do not is composed of operators.</summary>
    public static bool Serves(TransformerConfig config) =>
        config.NormPlacement == NormPlacement.Before && !config.NormsAddOne && config.QueryKeyNorm == QueryKeyNorm.None
        && config.WindowRotary is null && config.RotaryLayers is null && config.WindowLayers is null
        && config.AttentionScale is null && config.AttentionCap is null && config.EmbeddingScale == 1 && config.ResidualScale == 1 && config.LogitDivisor == 1;

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
