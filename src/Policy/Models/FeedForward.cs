using Rlhf.Policies.Families;
using Rlhf.Policies.Operators;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>down(act(up(x))), or down(act(gate(x))·up(x)) with gate and up in one product.</summary>
internal sealed class FeedForward : WeightModule
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

    /// <summary>Feed-forward of rows [N, D], added to the residual where one is given.</summary>
    internal Tensor Apply(Tensor rows, Tensor? residual)
    {
        var up = Up.Apply(rows);
        return Down.Apply(_config.GatedFeedForward ? Gated(up) : Activated(up), residual);
    }

    private Tensor Gated(Tensor up) => _config.Activation == Activation.Silu
        ? Layers.SwiGlu(up)
        : Activated(up.narrow(1, 0, _config.Hidden)).mul(up.narrow(1, _config.Hidden, _config.Hidden));

    private Tensor Activated(Tensor x) => _config.Activation switch
    {
        Activation.GeluTanh => nn.functional.gelu(x, GELU.Approximate.tanh),
        Activation.Gelu => nn.functional.gelu(x),
        Activation.Silu => nn.functional.silu(x),
        Activation.Relu => nn.functional.relu(x),
        var other => throw new InvalidOperationException($"no such activation: {other}"),
    };
}
