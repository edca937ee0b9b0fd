using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Kernels;

/// <summary>Kernels of a formula each.</summary>
public sealed class SmallKernelTests
{
    [Theory, MemberData(nameof(Lanes.All), MemberType = typeof(Lanes))]
    public void AdamW_ThreeSteps_AreThoseOfPyTorchsOptimizer(int lanes) => Lanes.Do(lanes, new Steps());

    [Theory, InlineData(1), InlineData(8), InlineData(100_003)]
    public unsafe void SquareSum_IsTheSumOfSquares(int count)
    {
        using var scope = NewDisposeScope();
        var x = Lanes.Random(1, count).to(ScalarType.Float32);
        Assert.Equal(x.to(ScalarType.Float64).square().sum().ToDouble(), SquareSum.Of(x.Floats(), count), 1e-9 * count);
    }

    [Theory, InlineData(4, 2), InlineData(10, 6), InlineData(32, 32), InlineData(40, 16)]
    public unsafe void Rotary_TurnsThePairsOfHalves_AndBack(int width, int turned)
    {
        using var scope = NewDisposeScope();
        const int Rows = 5, Heads = 3;
        var x = Lanes.Random(1, Rows, Heads * width);
        var angles = Lanes.Random(2, 9, turned / 2);
        Tensor cosines = angles.cos().to(ScalarType.Float32), sines = angles.sin().to(ScalarType.Float32);
        int[] positions = [3, 0, 8, 1, 8];
        using var rows = PanelRows.Of(x, ChunkMap.Heads(Heads, width));
        var rotary = new Rotary(cosines.Floats(), sines.Floats(), turned / 2);
        fixed (int* at = positions)
        {
            rotary.Turn(rows.Panels, at, 2, Panels.Chunks(width), Extent.Of(Rows));
            var heads = x.view(Rows, Heads, width);
            Tensor here = angles.index_select(0, tensor(positions.Select(p => (long)p).ToArray())).unsqueeze(1), some = heads.narrow(1, 0, 2);
            Tensor a = some.narrow(2, 0, turned / 2), b = some.narrow(2, turned / 2, turned / 2), rest = some.narrow(2, turned, width - turned);
            var expected = cat([cat([a * here.cos() - b * here.sin(), b * here.cos() + a * here.sin(), rest], 2), heads.narrow(1, 2, 1)], 1).reshape(Rows, -1);
            Lanes.Near(expected, rows.ToTensor());

            rotary.TurnBack(rows.Panels, at, 2, Panels.Chunks(width), Extent.Of(Rows));
            Lanes.Near(x, rows.ToTensor());
        }
    }

    [Theory, InlineData(3), InlineData(33)]
    public unsafe void EmbeddingRows_AreThoseOfTokensAndPositions_AndSoAreTheirGradients(int width)
    {
        using var scope = NewDisposeScope();
        Tensor tokens = Lanes.Random(1, 7, width), places = Lanes.Random(2, 4, width), gradient = Lanes.Random(3, 5, width), there = Lanes.Random(4, 7, width).to(ScalarType.Float32);
        int[] tokenOf = [6, 0, 6, 3, 6], positionOf = [0, 1, 2, 3, 0];
        using PanelRows x = new(5, ChunkMap.Plain(width)), towards = PanelRows.Of(gradient);
        var index = tensor(tokenOf.Select(token => (long)token).ToArray());
        var expected = there.to(ScalarType.Float64).index_add(0, index, gradient, Number.Of(1));
        fixed (int* at = tokenOf, position = positionOf)
        {
            EmbeddingRows.LookUp(tokens.to(ScalarType.Float32).Floats(), at, places.to(ScalarType.Float32).Floats(), position, width, isNarrow: false, x.Panels, Extent.Of(5));
            for (var chunk = 0; chunk < Panels.Chunks(width); chunk++) EmbeddingRows.AddGradient(towards.Panels, at, 5, there.Floats(), width, chunk);
        }

        Lanes.Near(tokens.index_select(0, index) + places.index_select(0, tensor(positionOf.Select(p => (long)p).ToArray())), x.ToTensor());
        Lanes.Near(expected, there);
    }

    [Fact]
    public void Share_EveryTask_IsDoneOnce()
    {
        var done = new int[1000];
        Threads.Share(done.Length, new Counting(done));
        Assert.All(done, times => Assert.Equal(1, times));
    }

    [Fact]
    public void Share_TaskThatFails_ThrowsWhatItThrew() =>
        Assert.Equal("seven", Assert.Throws<InvalidOperationException>(() => Threads.Share(20, new Failing())).Message);

    private readonly struct Counting(int[] done) : ITasks
    {
        public void Do(int task) => Interlocked.Increment(ref done[task]);
    }

    private readonly struct Failing : ITasks
    {
        public void Do(int task)
        {
            if (task == 7) throw new InvalidOperationException("seven");
        }
    }

    private sealed class Steps : ILaneWork
    {
        public unsafe void Do<L>()
            where L : struct, ILanes<L>
        {
            using var scope = NewDisposeScope();
            const int Count = 37;
            var start = Lanes.Random(1, Count);
            using var weights = new TorchSharp.Modules.Parameter(start.clone());
            using var optimizer = optim.AdamW([weights], lr: 0.01, beta1: 0.8, beta2: 0.95, eps: 1e-8, weight_decay: 0.1);
            Tensor own = start.to(ScalarType.Float32), first = zeros(Count), second = zeros(Count);
            for (var step = 1; step <= 3; step++)
            {
                var gradient = Lanes.Random(10 + step, Count);
                weights.grad = gradient * 0.5;
                optimizer.step();
                new AdamW(0.5f, 0.8f, 0.95f, 1 - 0.01f * 0.1f, (float)(0.01 / (1 - Math.Pow(0.8, step))), (float)(1 / Math.Sqrt(1 - Math.Pow(0.95, step))), 1e-8f)
                    .Step<L>(own.Floats(), first.Floats(), second.Floats(), gradient.to(ScalarType.Float32).Floats(), Count);
            }

            Lanes.Near(weights.detach(), own);
        }
    }
}
