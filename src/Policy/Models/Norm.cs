using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>Layer norm, (x − mean)/√(var + ε)·w + b, or RMS norm, x/√(mean(x²) + ε)·w, over rows [N, D].</summary>
public sealed class Norm : nn.Module
{
    private readonly long[] _shape;
    private readonly double _epsilon;
    private readonly Parameter _weight;
    private readonly Parameter? _bias;

    internal Norm(ParameterSource source, string name, TransformerConfig config) : base(nameof(Norm))
    {
        _shape = [config.Width];
        _epsilon = config.NormEpsilon;
        _weight = source.In(name).Take("weight", config.Width);
        register_parameter("weight", _weight);
        if (config.Norm == Normalization.RootMeanSquare) return;
        _bias = source.In(name).Take("bias", config.Width);
        register_parameter("bias", _bias);
    }

    public Tensor Apply(Tensor rows) => _bias is null
        ? RootMeanSquare(rows)
        : nn.functional.layer_norm(rows, _shape, _weight, _bias, _epsilon);

    // The mean of squares is taken in float32 whatever the rows are, as the models were trained.
    private Tensor RootMeanSquare(Tensor rows)
    {
        var type = rows.dtype;
        var wide = type == ScalarType.Float32 ? rows : rows.to(ScalarType.Float32);
        var scale = wide.square().mean([-1], true).add(_epsilon).rsqrt();
        var scaled = wide.mul(scale);
        return (type == ScalarType.Float32 ? scaled : scaled.to(type)).mul(_weight);
    }
}
