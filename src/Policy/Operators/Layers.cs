using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Policies.Operators;

/// <summary>The layers of a transformer over rows [N, width], from libtorch's operators.</summary>
internal static class Layers
{
    /// <summary>The table's rows at places [N], by the operator whose gradient adds up in an order of its own on a GPU too.</summary>
    public static Tensor Embedding(Tensor table, Tensor places) =>
        new OperatorCall("aten::embedding", "", stackalloc ulong[5]).With(table).With(places).With(-1L).With(false).With(false).RunForTensor();

    /// <summary>x·Wᵀ + b, added to the residual.</summary>
    public static Tensor Linear(Tensor rows, Tensor weight, Tensor? bias, Tensor? residual)
    {
        var product = nn.functional.linear(rows, weight, bias!);
        return residual is null ? product : product.Plus(residual);
    }

    /// <summary>Layer norm; RMS norm, whose mean of squares is taken in float32, where there is no bias.</summary>
    public static Tensor Norm(Tensor rows, Tensor weight, Tensor? bias, double epsilon)
    {
        long width = rows.shape[^1];
        return bias is not null ? nn.functional.layer_norm(rows, [width], weight, bias, epsilon)
            : new OperatorCall("aten::rms_norm", "", stackalloc ulong[4]).With(rows).With([width]).WithSome(weight).WithSome(epsilon).RunForTensor();
    }

    /// <summary>silu(gate)·up, gate and up side by side.</summary>
    public static Tensor SwiGlu(Tensor rows)
    {
        var width = rows.shape[^1] / 2;
        return nn.functional.silu(rows.narrow(-1, 0, width)).mul(rows.narrow(-1, width, width));
    }
}
