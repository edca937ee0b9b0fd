using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Policies.Operators;

/// <summary>What AdamW (Loshchilov and Hutter 2019) is told of a step.</summary>
internal sealed record AdamWStep
{
    public required double LearningRate { get; init; }
    public required double Beta1 { get; init; }
    public required double Beta2 { get; init; }
    public required double Epsilon { get; init; }
    public required double WeightDecay { get; init; }

    /// <summary>Counts from 1.</summary>
    public required long Step { get; init; }
}

/// <summary>AdamW over many tensors in one operator, on the device they are on.</summary>
internal static class FusedAdamW
{
    /// <param name="weights">float32, as are the moments</param>
    /// <param name="first">moments</param>
    /// <param name="second">moments</param>
    /// <param name="gradients">of any type</param>
    /// <param name="divisor">[1], what the gradients are divided by first; null: nothing</param>
    /// <param name="step">of all of them alike</param>
    public static void Step(Tensor[] weights, Tensor[] first, Tensor[] second, Tensor[] gradients, Tensor? divisor, AdamWStep step)
    {
        using var scope = NewDisposeScope();
        if (gradients[0].dtype != ScalarType.Float32) gradients = Widened(gradients);
        using var count = full([], Number.Of((double)step.Step), ScalarType.Float32, weights[0].device);
        new OperatorCall("aten::_fused_adamw_", "", stackalloc ulong[15])
            .With(weights).With(gradients).With(first).With(second).With(ReadOnlySpan<Tensor>.Empty).With(Enumerable.Repeat(count, weights.Length).ToArray())
            .With(step.LearningRate).With(step.Beta1).With(step.Beta2).With(step.WeightDecay).With(step.Epsilon).With(false).With(false)
            .WithOptional(divisor).WithNone().Run();
    }

    /// <summary>Copies from many tensors to as many of another type.</summary>
    public static void Copy(Tensor[] to, Tensor[] from) => new OperatorCall("aten::_foreach_copy_", "", stackalloc ulong[3]).With(to).With(from).With(false).Run();

    private static Tensor[] Widened(Tensor[] gradients)
    {
        var wide = Array.ConvertAll(gradients, gradient => empty(gradient.shape, ScalarType.Float32, gradient.device));
        Copy(wide, gradients);
        return wide;
    }
}
