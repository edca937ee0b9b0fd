using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

public static partial class Accelerator
{
    public static string Describe() => $"libtorch {__version__} through the TorchSharp package";

    public static string ParallelInfo() => $"{get_num_threads()} threads";

    public static Tensor? FusedAttention(Tensor query, Tensor key, Tensor value, Tensor? mask, bool causal, double scale) => null;

    public static bool HasFusedAttention => false;

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
            var gradient = gradients[i].to(ScalarType.Float32) * step.GradientScale;
            tensors.First[i].mul_(step.Beta1).add_(gradient, 1 - step.Beta1);
            tensors.Second[i].mul_(step.Beta2).addcmul_(gradient, gradient, 1 - step.Beta2);
            tensors.Weights[i].mul_(1 - step.LearningRate * step.WeightDecay);
            var denominator = (tensors.Second[i] / correction2).sqrt_().add_(step.Epsilon);
            tensors.Weights[i].addcdiv_(tensors.First[i], denominator, -step.LearningRate / correction1);
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
