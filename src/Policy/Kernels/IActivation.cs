namespace Rlhf.Policies.Kernels;

/// <summary>A nonlinear function of each number, with its slope.</summary>
internal interface IActivation
{
    static abstract L Value<L>(L x)
        where L : struct, ILanes<L>;

    static abstract (L Value, L Slope) Both<L>(L x)
        where L : struct, ILanes<L>;
}
