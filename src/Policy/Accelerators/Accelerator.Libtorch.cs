using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

public static partial class Accelerator
{
    /// <summary>libtorch's version, and where the bridge to it stands.</summary>
    public static string Describe() => $"libtorch {__version__} through {Libtorch.BridgeLocation}";

    /// <summary>libtorch's own words on its threads and math libraries.</summary>
    public static string ParallelInfo() => Libtorch.ParallelInfo();

    /// <summary>
    /// softmax(q·kᵀ·scale + mask)·v over [B, H, S, Dh] in one operator, where this libtorch has one that does not
    /// hold the scores; null where it has none. A boolean mask is true where a key may be seen.
    /// </summary>
    public static Tensor? FusedAttention(Tensor query, Tensor key, Tensor value, Tensor? mask, bool causal, double scale) =>
        Libtorch.HasScaledDotProductAttention ? Libtorch.ScaledDotProductAttention(query, key, value, mask, causal, scale) : null;

    public static bool HasFusedAttention => Libtorch.HasScaledDotProductAttention;

    /// <summary>The L2 norm over all tensors together, as a tensor on their device.</summary>
    public static Tensor GlobalNorm(Tensor[] tensors)
    {
        if (tensors[0].device_type != DeviceType.CUDA) return tensor((float)Libtorch.Norm(tensors));
        using var scope = NewDisposeScope();
        var wide = Array.TrueForAll(tensors, t => t.dtype == ScalarType.Float32) ? tensors : Array.ConvertAll(tensors, t => t.to(ScalarType.Float32));
        return stack(Libtorch.ForeachNorm(wide)).norm().MoveToOuterDisposeScope();
    }

    /// <summary>Multiplies tensors in place by a number that is on their device.</summary>
    public static void Scale(Tensor[] tensors, Tensor factor)
    {
        // Tensors of one call have one type.
        foreach (var group in tensors.GroupBy(tensor => tensor.dtype)) Libtorch.ForeachMul([.. group], factor.to(group.Key));
    }

    /// <summary>One AdamW step; gradients stand in the order of the weights.</summary>
    public static void AdamW(AdamWTensors tensors, Tensor[] gradients, AdamWStep step)
    {
        if (tensors.Weights.Length == 0) return;
        if (tensors.Weights[0].device_type != DeviceType.CUDA)
        {
            Libtorch.FusedAdamW(tensors.Weights, gradients, tensors.First, tensors.Second, tensors.Copies, step.GradientScale,
                step.LearningRate, step.Beta1, step.Beta2, step.Epsilon, step.WeightDecay, step.Step);
            return;
        }

        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var wide = Array.ConvertAll(gradients, g => g.dtype == ScalarType.Float32 ? g : g.to(ScalarType.Float32));
        if (step.GradientScale != 1) Libtorch.ForeachMul(wide, tensor((float)step.GradientScale, device: wide[0].device));
        // The kernel wants the step count as a tensor beside each parameter; one shared tensor serves all.
        var count = tensor((float)step.Step, device: wide[0].device);
        Libtorch.FusedAdamWCuda(tensors.Weights, wide, tensors.First, tensors.Second, Array.ConvertAll(wide, _ => count),
            step.LearningRate, step.Beta1, step.Beta2, step.Epsilon, step.WeightDecay);
        if (tensors.Copies is null) return;
        for (var i = 0; i < tensors.Copies.Length; i++) tensors.Copies[i].copy_(tensors.Weights[i]);
    }

    /// <summary>Memory in use on a GPU; on the CPU that of the process.</summary>
    public static DeviceMemory Memory(Device device)
    {
        if (device.type != DeviceType.CUDA || !CudaExtras.Built) return ProcessMemory.Read();
        var index = Math.Max(0, device.index);
        var memory = CudaExtras.Memory(index);
        return new DeviceMemory(memory.Allocated, memory.PeakAllocated, CudaExtras.Describe(index).TotalBytes);
    }

    public static void ResetPeak(Device device)
    {
        if (device.type == DeviceType.CUDA && CudaExtras.Built) CudaExtras.ResetPeak(Math.Max(0, device.index));
        else ProcessMemory.ResetPeak();
    }

    /// <summary>Hands cached GPU memory back to the driver.</summary>
    public static void EmptyCache(Device device)
    {
        if (device.type == DeviceType.CUDA && CudaExtras.Built) CudaExtras.EmptyCache();
    }

    /// <summary>The GPU's name, or null on a machine without one.</summary>
    public static string? GpuName(int index) => cuda.is_available() && CudaExtras.Built ? CudaExtras.Describe(index).Name : null;

    /// <summary>Whether work can be recorded once and launched again by one call; RLHF_NO_GRAPHS=1 forbids it.</summary>
    public static bool HasGraphs(Device device) =>
        device.type == DeviceType.CUDA && CudaExtras.Built && Environment.GetEnvironmentVariable("RLHF_NO_GRAPHS") is not ("1" or "true");

    /// <summary>
    /// Records what the work launches, without running it; null where the device has no graphs and the work has to be run each
    /// time. The work must not wait for the device, and must dispose what it makes.
    /// </summary>
    public static IRecording? Record(Device device, Action work)
    {
        if (!HasGraphs(device)) return null;
        try
        {
            return new Recording(CudaGraph.Capture(device.index, work));
        }
        catch (ExternalException failure)
        {
            throw new RlhfException($"the GPU's work could not be recorded ({failure.Message}); RLHF_NO_GRAPHS=1 in the environment does without, more slowly", failure);
        }
    }

    private sealed class Recording(CudaGraph graph) : IRecording
    {
        public void Replay() => graph.Replay();
        public void Dispose() => graph.Dispose();
    }
}
