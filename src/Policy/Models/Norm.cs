using Rlhf.Policies.Families;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>Layer norm, (x − mean)/√(var + ε)·w + b, or RMS norm, x/√(mean(x²) + ε)·w, over rows [N, D].</summary>
public sealed class Norm : WeightModule
{
    private readonly double _epsilon;
    private readonly bool _centred;

    internal Norm(ParameterSource source, string name, TransformerConfig config) : base(nameof(Norm))
    {
        _epsilon = config.NormEpsilon;
        _centred = config.Norm == Normalization.Layer;
        Keep("weight", source.In(name)("weight", [config.Width]));
        if (_centred) Keep("bias", source.In(name)("bias", [config.Width]));
    }

    /// <summary>As kernels take it.</summary>
    internal NormWeights Weights() => new(Kept("weight"), _centred ? Kept("bias") : null);

    public Tensor Apply(Tensor rows) => Layers.Norm(rows, Kept("weight"), _centred ? Kept("bias") : null, _epsilon);
}
