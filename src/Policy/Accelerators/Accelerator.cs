namespace Rlhf.Policies.Accelerators;

/// <summary>
/// The one seam to what only the libtorch drop-in can do. Accelerator.Libtorch.cs and Accelerator.Portable.cs
/// implement the same members; the project file compiles one of them.
/// </summary>
public static partial class Accelerator;

/// <summary>Bytes in use on a device, and the most there ever were since the peak was reset.</summary>
public readonly record struct DeviceMemory(long Allocated, long Peak, long Total);

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
