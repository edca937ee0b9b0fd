using static TorchSharp.torch;

namespace Rlhf.Policies.Fused;

/// <summary>y = x·Wᵀ + b.</summary>
/// <param name="weight">W, a parameter or what adapters make of one; made when it is wanted</param>
/// <param name="isMade">whether it is that, and goes with this</param>
/// <param name="bias">b</param>
/// <param name="key">another one as soon as W or b is another or has changed</param>
internal sealed class ProjectionWeights(Func<Tensor> weight, bool isMade, Tensor? bias, ulong key) : IDisposable
{
    private readonly Lazy<Tensor> _weight = new(weight);

    public Tensor Weight => _weight.Value;

    public Tensor? Bias { get; } = bias;

    public ulong Key { get; } = key;

    public void Dispose()
    {
        if (isMade && _weight.IsValueCreated) _weight.Value.Dispose();
    }
}

/// <summary>Weight and, for layer norm, bias.</summary>
internal sealed record NormWeights(Tensor Weight, Tensor? Bias);

/// <summary>What one layer of a transformer computes with.</summary>
internal sealed class LayerWeights
{
    public required NormWeights AttentionNorm { get; init; }

    /// <summary>All heads' queries, then keys, then values.</summary>
    public required ProjectionWeights QueryKeyValue { get; init; }

    public required ProjectionWeights Output { get; init; }

    public required NormWeights FeedForwardNorm { get; init; }

    /// <summary>Gates before values.</summary>
    public required ProjectionWeights Up { get; init; }

    public required ProjectionWeights Down { get; init; }

    public IReadOnlyList<ProjectionWeights> Projections => [QueryKeyValue, Output, Up, Down];

    /// <summary>Whether some of them learn.</summary>
    public bool Learn => Projections.Any(one => one.Weight.requires_grad || one.Bias is { requires_grad: true }) || Learns(AttentionNorm) || Learns(FeedForwardNorm);

    private static bool Learns(NormWeights norm) => norm.Weight.requires_grad || norm.Bias is { requires_grad: true };
}

/// <summary>What a trunk computes with, from tokens to hidden states.</summary>
internal sealed class TrunkWeights
{
    /// <summary>[V, D].</summary>
    public required Tensor Embedding { get; init; }

    /// <summary>[positions, D]; null where positions are rotary.</summary>
    public Tensor? Positions { get; init; }

    public required IReadOnlyList<LayerWeights> Layers { get; init; }

    public required NormWeights Norm { get; init; }
}
