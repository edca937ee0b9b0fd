using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>What the attention layers of one pass share: shapes, mask and rotary tables, made once.</summary>
internal sealed class AttentionPass
{
    /// <summary>B.</summary>
    public required long Batch { get; init; }

    /// <summary>S, the queries of each row.</summary>
    public required long Length { get; init; }

    /// <summary>Added to the scores: [S, K], or [B, 1, 1, S, K] where rows differ; null where every key is seen.</summary>
    public Tensor? Bias { get; init; }

    /// <summary>Tables that broadcast over [B, S, heads, width/2].</summary>
    public Tensor? Cosines { get; init; }

    public Tensor? Sines { get; init; }

    /// <summary>Where keys and values are kept, when tokens are generated.</summary>
    public KeyValueCache? Cache { get; init; }
}
