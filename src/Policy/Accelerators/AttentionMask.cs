using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

/// <summary>Which keys the queries of whole sequences see: the real ones before them, as far as the window reaches, and always themselves.</summary>
internal static class AttentionMask
{
    /// <summary>Whether a query sees everything up to itself and that is all: an operator that knows causal order needs no mask then.</summary>
    public static bool IsOrderAlone(AttentionShape shape) => shape.Real is null && (shape.Window is not { } window || window >= shape.Length);

    /// <summary>True where a key is hidden: [S, K], or [B, S, K] where sequences differ. No row hides all, so softmax has something to sum.</summary>
    public static Tensor Hidden(AttentionShape shape, Device device)
    {
        var columns = Arithmetic.Range(shape.Length, device);
        var distance = columns.unsqueeze(1).sub(columns.unsqueeze(0));
        var hidden = distance.lt(Number.Of(0));
        if (IsOrderAlone(shape)) return hidden;
        if (shape.Window is { } window)
        {
            var apart = shape.Positions is { } at ? at.unsqueeze(2).sub(at.unsqueeze(1)) : distance;
            hidden = hidden.logical_or(apart.ge(Number.Of(window)).logical_and(distance.ne(Number.Of(0))));
        }

        return shape.Real is { } real
            ? hidden.logical_or(real.logical_not().unsqueeze(1).logical_and(distance.ne(Number.Of(0)).unsqueeze(0)))
            : hidden;
    }

    /// <summary>True where a key is seen, for heads side by side: [S, K] or [B, 1, S, K]; null where <see cref="IsOrderAlone"/>.</summary>
    public static Tensor? Seen(AttentionShape shape, Device device)
    {
        if (IsOrderAlone(shape)) return null;
        var seen = Hidden(shape, device).logical_not();
        return seen.dim() == 2 ? seen : seen.unsqueeze(1);
    }
}
