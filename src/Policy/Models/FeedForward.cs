using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>down(act(up(x))), or down(act(gate(x))·up(x)) with gate and up in one product.</summary>
public sealed class FeedForward : nn.Module
{
    private readonly TransformerConfig _config;

    internal FeedForward(ParameterSource source, TransformerConfig config) : base(nameof(FeedForward))
    {
        _config = config;
        Up = new Projection(source, "up", config.Width, config.GatedFeedForward ? 2 * config.Hidden : config.Hidden, config.FeedForwardBias);
        Down = new Projection(source, "down", config.Hidden, config.Width, config.FeedForwardBias);
        register_module("up", Up);
        register_module("down", Down);
    }

    /// <summary>Into the hidden width; with a gate, its rows come first.</summary>
    public Projection Up { get; }

    public Projection Down { get; }

    /// <summary>[N, D] → [N, D].</summary>
    public Tensor Apply(Tensor rows)
    {
        var up = Up.Apply(rows);
        if (!_config.GatedFeedForward) return Down.Apply(Activations.Apply(_config.Activation, up));
        var gate = Activations.Apply(_config.Activation, up.narrow(1, 0, _config.Hidden));
        return Down.Apply(gate.mul(up.narrow(1, _config.Hidden, _config.Hidden)));
    }
}
