using Rlhf.Policies.Families;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>The two matrices of one module of the checkpoint, which is some rows of a projection.</summary>
internal sealed class LowRankPart : WeightModule
{
    public LowRankPart(ModulePart module, Tensor down, Tensor up) : base(nameof(LowRankPart))
    {
        Module = module;
        Keep("a", down);
        Keep("b", up);
    }

    public ModulePart Module { get; }

    /// <summary>A [rank, in].</summary>
    public Parameter Down => Kept("a");

    /// <summary>B [rows, rank], its rows in the order of the projection's.</summary>
    public Parameter Up => Kept("b");
}
