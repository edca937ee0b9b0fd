using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

public static class Accelerator
{
    public static Tensor Rows(Tensor table, Tensor places) => table.index_select(0, places);

    public static Tensor Linear(Tensor rows, Tensor weight, Tensor? bias, Tensor? residual) => ComposedLayers.Linear(rows, weight, bias, residual);

    public static Tensor GeluTanh(Tensor input)
    {
        var inner = input.Plus(input.pow(Number.Of(3)) * Number.Of(0.044715)) * Number.Of(Math.Sqrt(2 / Math.PI));
        return input * inner.tanh().Plus(1) * Number.Of(0.5);
    }

    public static Tensor SwiGlu(Tensor rows) => ComposedLayers.SwiGlu(rows);

    public static Tensor Norm(Tensor rows, Tensor weight, Tensor? bias, double epsilon) => ComposedLayers.Norm(rows, weight, bias, epsilon);

    public static Tensor Attention(Tensor rows, AttentionShape shape) => ComposedLayers.Attention(rows, shape);

    public static Tensor CachedAttention(Tensor rows, Tensor keys, Tensor values, AttentionShape shape) =>
        ComposedLayers.CachedAttention(rows, keys, values, shape);

    public static (Tensor LogProbs, Tensor LogSums) LogProb(Tensor logits, Tensor targets, double scale) => ComposedLikelihood.LogProb(logits, targets, scale);

    public static void LogProbGradient(Tensor logits, Tensor targets, Tensor logSums, Tensor towards, double scale) =>
        ComposedLikelihood.LogProbGradient(logits, targets, logSums, towards, scale);

    public static (Tensor Entropies, Tensor Divergences) Divergence(Tensor logits, Tensor logSums, Tensor others, Tensor otherLogSums, double scale) =>
        ComposedLikelihood.Divergence(logits, logSums, others, otherLogSums, scale);

    public static (Tensor Tokens, Tensor LogProbs) Sample(Tensor logits, Tensor uniforms, double scale) => ComposedLikelihood.Sample(logits, uniforms, scale);

    public static bool HasHalfProducts => true;

    public static Tensor Product(Tensor a, Tensor b) => mm(a, b);

    public static void AddProduct(Tensor sum, Tensor a, Tensor b) => sum.addmm_(a, b);

    public static string Describe() => $"libtorch {__version__} through the TorchSharp package";

    public static string ParallelInfo() => $"{get_num_threads()} threads";

    public static bool HasFusedAttention => false;

    public static Tensor? FusedAttention(Tensor query, Tensor key, Tensor value, Tensor? mask, bool causal, double scale) => null;

    public static Tensor GlobalNorm(Tensor[] tensors)
    {
        using var scope = NewDisposeScope();
        return stack(tensors.Select(t => t.to(ScalarType.Float32).norm())).norm().MoveToOuterDisposeScope();
    }

    public static void Scale(Tensor[] tensors, Tensor factor)
    {
        foreach (var tensor in tensors) tensor.mul_(factor);
    }

    public static void AdamW(AdamWTensors tensors, Tensor[] gradients, AdamWStep step)
    {
        using var quiet = no_grad();
        double correction1 = 1 - Math.Pow(step.Beta1, step.Step), correction2 = 1 - Math.Pow(step.Beta2, step.Step);
        for (var i = 0; i < tensors.Weights.Length; i++)
        {
            using var scope = NewDisposeScope();
            var gradient = gradients[i].to(ScalarType.Float32) * Number.Of(step.GradientScale);
            tensors.First[i].mul_(Number.Of(step.Beta1)).add_(gradient, Number.Of(1 - step.Beta1));
            tensors.Second[i].mul_(Number.Of(step.Beta2)).addcmul_(gradient, gradient, Number.Of(1 - step.Beta2));
            tensors.Weights[i].mul_(Number.Of(1 - step.LearningRate * step.WeightDecay));
            var denominator = (tensors.Second[i] / Number.Of(correction2)).sqrt_().Plus(step.Epsilon);
            tensors.Weights[i].addcdiv_(tensors.First[i], denominator, Number.Of(-step.LearningRate / correction1));
            if (tensors.Copies is { } copies) copies[i].copy_(tensors.Weights[i]);
        }
    }

    public static DeviceMemory Memory(Device device) => ProcessMemory.Read();

    public static void ResetPeak(Device device) => ProcessMemory.ResetPeak();

    public static void EmptyCache(Device device) { }

    public static string? GpuName(int index) => cuda.is_available() ? $"CUDA device {index}" : null;

    public static bool HasGraphs(Device device) => false;

    public static IRecording? Record(Device device, Action work) => null;
}

/// <summary>What one AdamW step over a group of parameters needs beside the tensors.</summary>
public sealed record AdamWStep
{
    /// <summary>Gradients are multiplied by this first: the factor of a clipped norm.</summary>
    public double GradientScale { get; init; } = 1;
    public required double LearningRate { get; init; }
    public required double Beta1 { get; init; }
    public required double Beta2 { get; init; }
    public required double Epsilon { get; init; }
    public required double WeightDecay { get; init; }
    /// <summary>Counts from 1.</summary>
    public required long Step { get; init; }
}

/// <summary>
/// Parameters that step together. Weights and moments are float32; where a model computes in bfloat16, its own
/// weights are <see cref="Copies"/> and receive the new values.
/// </summary>
public sealed class AdamWTensors
{
    public required TorchSharp.torch.Tensor[] Weights { get; init; }
    public required TorchSharp.torch.Tensor[] First { get; init; }
    public required TorchSharp.torch.Tensor[] Second { get; init; }
    public TorchSharp.torch.Tensor[]? Copies { get; init; }
}
