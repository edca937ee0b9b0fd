using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

public static partial class Accelerator
{
    public static Tensor Rows(Tensor table, Tensor places) => table.index_select(0, places);

    public static Tensor Linear(Tensor rows, Tensor weight, Tensor? bias, Tensor? residual) => ComposedLayers.Linear(rows, weight, bias, residual);

    public static Tensor GeluTanh(Tensor input)
    {
        var inner = (input + input.pow(3) * 0.044715) * Math.Sqrt(2 / Math.PI);
        return input * (inner.tanh() + 1) * 0.5;
    }

    public static Tensor SwiGlu(Tensor rows) => ComposedLayers.SwiGlu(rows);

    public static Tensor Norm(Tensor rows, Tensor weight, Tensor? bias, double epsilon) => ComposedLayers.Norm(rows, weight, bias, epsilon);

    public static Tensor Attention(Tensor rows, AttentionShape shape) => ComposedLayers.Attention(rows, shape);

    public static Tensor CachedAttention(Tensor rows, Tensor keys, Tensor values, AttentionShape shape) =>
        ComposedLayers.CachedAttention(rows, keys, values, shape);
}
