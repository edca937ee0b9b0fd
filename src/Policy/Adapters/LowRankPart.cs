using Rlhf.Policies.Models.Families;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Policies.Adapters;

/// <summary>The two matrices of one module of the checkpoint, which is some rows of a projection.</summary>
internal sealed class LowRankPart : nn.Module
{
    public LowRankPart(ModulePart module, Tensor down, Tensor up) : base(nameof(LowRankPart))
    {
        Module = module;
        (Down, Up) = (Taken(down), Taken(up));
        register_parameter("a", Down);
        register_parameter("b", Up);
    }

    public ModulePart Module { get; }

    /// <summary>A [rank, in].</summary>
    public Parameter Down { get; }

    /// <summary>B [rows, rank], its rows in the order of the projection's.</summary>
    public Parameter Up { get; }

    private static Parameter Taken(Tensor values)
    {
        var parameter = new Parameter(values);
        parameter.DetachFromDisposeScope();
        return parameter;
    }
}
