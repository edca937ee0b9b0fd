using System.Diagnostics;
using Rlhf.Policies.Fused;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Cli.Bench;

/// <summary>What the machine can do at most, measured: what speeds are held against.</summary>
/// <param name="Product">floating-point operations per second of a large matrix product, by the fastest means at hand</param>
/// <param name="Bandwidth">bytes per second of a large copy, read and written</param>
public sealed record MachineCeilings(double Product, double Bandwidth)
{
    private const int Repeats = 5;

    public static MachineCeilings Measure(Device device, ScalarType type)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        // Large enough to leave the caches, small enough for a CPU to do a few times.
        var elements = device.type == DeviceType.CUDA ? 1L << 28 : 1L << 25;
        var (from, to) = (zeros(elements, device: device), empty(elements, device: device));
        return new MachineCeilings(ProductRate(device, type), 2.0 * sizeof(float) * elements / Best(() => to.copy_(from), device, Repeats));
    }

    /// <summary>Of a product that takes a while: a fast device needs a larger one to be busy.</summary>
    private static double ProductRate(Device device, ScalarType type)
    {
        for (var size = 512L; ; size *= 2)
        {
            using var scope = NewDisposeScope();
            var (a, b) = (randn(size, size, device: device).to(type), randn(size, size, device: device).to(type));
            var seconds = Best(() => mm(a, b).Dispose(), device, Repeats);
            if (KernelRule.ServesModel(device, type))
            {
                using var sample = new SampleProduct((int)size, (int)size, (int)size, type);
                seconds = Math.Min(seconds, Best(sample.Run, device, Repeats));
            }

            if (seconds > 0.005) return 2.0 * size * size * size / seconds;
        }
    }

    /// <summary>The shortest of some runs, after one that warms up.</summary>
    internal static double Best(Action work, Device device, int repeats)
    {
        var best = double.MaxValue;
        for (var i = 0; i <= repeats; i++)
        {
            if (device.type == DeviceType.CUDA) cuda.synchronize();
            var watch = Stopwatch.StartNew();
            work();
            if (device.type == DeviceType.CUDA) cuda.synchronize();
            if (i > 0) best = Math.Min(best, watch.Elapsed.TotalSeconds);
        }

        return best;
    }
}
