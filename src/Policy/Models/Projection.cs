using Rlhf.Policies.Fused;
using Rlhf.Policies.Operators;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>y = x·Wᵀ + b for rows x [N, in]: every matrix product with weights goes through here.</summary>
internal sealed class Projection : WeightModule
{
    private readonly bool _hasBias;

    internal Projection(ParameterSource source, string name, long inputs, long outputs, bool bias) : base(nameof(Projection))
    {
        _hasBias = bias;
        Keep("weight", source.In(name)("weight", [outputs, inputs]));
        if (bias) Keep("bias", source.In(name)("bias", [outputs]));
    }

    /// <summary>[out, in].</summary>
    public Parameter Weight => Kept("weight");

    /// <summary>[out], or null.</summary>
    public Parameter? Bias => _hasBias ? Kept("bias") : null;

    /// <summary>What adapters add to the weight.</summary>
    private LowRankUpdate? Update { get; set; }

    /// <summary>[N, in] → [N, out], added to the residual where one is given.</summary>
    public Tensor Apply(Tensor rows, Tensor? residual = null)
    {
        var product = Layers.Linear(rows, Weight, Bias, residual);
        return Update is { IsOn: true } ? Update.AddTo(product, rows) : product;
    }

    /// <summary>As kernels take it.</summary>
    internal ProjectionWeights Weights()
    {
        if (Update is not { IsOn: true } update) return new ProjectionWeights(() => Weight, isMade: false, Bias, WeightKey.Of([Weight, Bias]));
        var key = WeightKey.Of([Weight, Bias, .. update.Parts.SelectMany(part => new[] { part.Down, part.Up })]);
        return new ProjectionWeights(() => update.AddedWith(Weight).DetachFromDisposeScope(), isMade: true, Bias, key);
    }

    /// <summary>The weight as the projection multiplies with it: an adapter's share included, where one is on.</summary>
    internal Tensor WholeWeight() => Update is { IsOn: true } ? Update.AddedTo(Weight) : Weight.detach();

    internal void Attach(LowRankUpdate update)
    {
        Update = update;
        register_module("lora", update);
    }
}
