using Rlhf.Policies.Accelerators;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>Layer norm, (x − mean)/√(var + ε)·w + b, or RMS norm, x/√(mean(x²) + ε)·w, over rows [N, D].</summary>
public sealed class Norm : nn.Module
{
    private readonly double _epsilon;
    private readonly Parameter _weight;
    private readonly Parameter? _bias;

    internal Norm(ParameterSource source, string name, TransformerConfig config) : base(nameof(Norm))
    {
        _epsilon = config.NormEpsilon;
        _weight = source.In(name).Take("weight", config.Width);
        register_parameter("weight", _weight);
        if (config.Norm == Normalization.RootMeanSquare) return;
        _bias = source.In(name).Take("bias", config.Width);
        register_parameter("bias", _bias);
    }

    public Tensor Apply(Tensor rows) => Accelerator.Norm(rows, _weight, _bias, _epsilon);
}
