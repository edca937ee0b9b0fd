using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Kernels;

/// <summary>Kernels in each of their forms: AVX-512, AVX2 and the portable one, whatever the processor would choose.</summary>
internal static class Lanes
{
    public static TheoryData<int> All => [16, 8, 4];

    public static void Do<TWork>(int lanes, TWork work)
        where TWork : ILaneWork
    {
        switch (lanes)
        {
            case 16: work.Do<Lanes512>(); break;
            case 8: work.Do<Lanes256>(); break;
            default: work.Do<Lanes128>(); break;
        }
    }

    public static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new Generator((ulong)seed);
        return randn(shape, ScalarType.Float64, generator: generator);
    }

    /// <summary>Within so many of the largest number's.</summary>
    public static void Near(Tensor expected, Tensor found, double tolerance = 2e-6)
    {
        using var scope = NewDisposeScope();
        var scale = Math.Max(1e-3, expected.abs().max().ToDouble());
        var error = (expected.to(ScalarType.Float64) - found.to(ScalarType.Float64)).abs().max().ToDouble() / scale;
        Assert.True(error <= tolerance, $"off by {error:0.0E0} of the largest");
    }

    public static unsafe NativeBuffer Row(Tensor row)
    {
        using var scope = NewDisposeScope();
        var numbers = row.to(ScalarType.Float32).contiguous();
        var buffer = new NativeBuffer(Panels.Padded((int)row.numel()));
        new Span<float>(buffer.Data, (int)buffer.Count).Clear();
        new Span<float>(numbers.Floats(), (int)row.numel()).CopyTo(new Span<float>(buffer.Data, (int)row.numel()));
        return buffer;
    }

    public static unsafe Tensor Row(float* numbers, int count) => tensor(new Span<float>(numbers, count).ToArray());
}

internal interface ILaneWork
{
    void Do<L>()
        where L : struct, ILanes<L>;
}
