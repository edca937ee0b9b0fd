using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>Layer norm, (x − mean)/√(var + ε)·w + b, or RMS norm, x/√(mean(x²) + ε)·w (or ·(1 + w)), over rows [N, D].</summary>
internal sealed class Norm : WeightModule
{
    private readonly double _epsilon;
    private readonly bool _centred;
    private readonly bool _addsOne;

    /// <param name="width">of the rows; null: the model's</param>
    internal Norm(ParameterSource source, string name, TransformerConfig config, long? width = null) : base(nameof(Norm))
    {
        _epsilon = config.NormEpsilon;
        _centred = config.Norm == Normalization.Layer;
        _addsOne = config.NormsAddOne;
        Keep("weight", source.In(name)("weight", [width ?? config.Width]));
        if (_centred) Keep("bias", source.In(name)("bias", [width ?? config.Width]));
    }

    /// <summary>As kernels take it.</summary>
    internal NormWeights Weights() => new(Kept("weight"), _centred ? Kept("bias") : null);

    public Tensor Apply(Tensor rows)
    {
        if (!_addsOne) return Layers.Norm(rows, Kept("weight"), _centred ? Kept("bias") : null, _epsilon);
        // The sum is taken in float32: a narrow type keeps too little of a small weight beside 1.
        var weight = Kept("weight").to(ScalarType.Float32).Plus(1.0);
        return Layers.Norm(rows.to(ScalarType.Float32), weight, null, _epsilon).to(rows.dtype);
    }
}
