using Rlhf.Foundation.Torch;
using Rlhf.Policies.Accelerators;
using Rlhf.Policies.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Accelerators;

/// <summary>The fused kernels compute what the composition of plain operators computes, forward and backward.</summary>
public sealed class LayerKernelTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(129)]
    public void PointwiseKernels_AnyWidth_MatchTheComposition(int width)
    {
        Same(x => Accelerator.GeluTanh(x[0]), x => x[0] * ((x[0] + x[0].pow(3) * 0.044715) * Math.Sqrt(2 / Math.PI)).tanh().add(1) * 0.5, Random(3, 5, width));
        Same(x => Accelerator.SwiGlu(x[0]), x => ComposedLayers.SwiGlu(x[0]), Random(3, 5, 2 * width));
        Same(x => Accelerator.Norm(x[0], x[1], x[2], 1e-5), x => ComposedLayers.Norm(x[0], x[1], x[2], 1e-5), Random(2, 40, width), Random(1, width), Random(1, width));
        Same(x => Accelerator.Norm(x[0], x[1], null, 1e-5), x => ComposedLayers.Norm(x[0], x[1], null, 1e-5), Random(2, 40, width), Random(1, width));
    }

    [Fact]
    public void Linear_EveryCombinationOfBiasAndResidual_MatchesTheComposition()
    {
        Tensor[] all = [Random(1, 33, 20), Random(1, 12, 20), Random(1, 12), Random(1, 33, 12)];
        Same(x => Accelerator.Linear(x[0], x[1], null, null), x => ComposedLayers.Linear(x[0], x[1], null, null), all[..2]);
        Same(x => Accelerator.Linear(x[0], x[1], x[2], null), x => ComposedLayers.Linear(x[0], x[1], x[2], null), all[..3]);
        Same(x => Accelerator.Linear(x[0], x[1], x[2], x[3]), x => ComposedLayers.Linear(x[0], x[1], x[2], x[3]), all);
        Same(x => Accelerator.Linear(x[0], x[1], null, x[2]), x => ComposedLayers.Linear(x[0], x[1], null, x[2]), all[0], all[1], all[3]);
    }

    // Sums of 32 over 2048 and more: gradients that are several blocks of a product.
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(100, 17, 41)]
    [InlineData(2100, 9, 33)]
    [InlineData(40, 9, 2060)]
    [InlineData(40, 2060, 9)]
    public void Linear_GradientsTogetherOrAlone_MatchTheComposition(int rows, int inputs, int outputs)
    {
        Tensor[] all = [Random(0.3, rows, inputs), Random(0.3, outputs, inputs), Random(0.3, outputs)];
        Same(x => Accelerator.Linear(x[0], x[1], x[2], null), x => ComposedLayers.Linear(x[0], x[1], x[2], null), all);
        Same(x => Accelerator.Linear(x[0], all[1], all[2], null), x => ComposedLayers.Linear(x[0], all[1], all[2], null), all[0]);
        Same(x => Accelerator.Linear(all[0], x[0], x[1], null), x => ComposedLayers.Linear(all[0], x[0], x[1], null), all[1], all[2]);
    }

    [Fact]
    public void GlobalNorm_SeveralTensorsOfBothTypes_IsThatOfAllTheirNumbers()
    {
        using var scope = NewDisposeScope();
        // 3² + 4² + 70,000·½² + 5·2² = 17,545, and as much again in bfloat16
        Tensor[] tensors = [tensor([3f, 4f]), full([70_000], 0.5), full([5, 1], 2.0).t()];
        Assert.Equal(Math.Sqrt(17_545), Accelerator.GlobalNorm(tensors).item<float>(), 1e-4);
        Assert.Equal(Math.Sqrt(35_090), Accelerator.GlobalNorm([.. tensors, .. tensors.Select(one => one.to(ScalarType.BFloat16))]).item<float>(), 1e-4);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(130)]
    public void Rows_TakenOnceOftenOrNever_AreThoseOfIndexSelect(int width)
    {
        using var scope = NewDisposeScope();
        var places = tensor([4L, 0, 4, 4, 2, 6, 0]);
        Same(x => Accelerator.Rows(x[0], places), x => x[0].index_select(0, places), Random(1, 7, width));
        var table = Random(1, 7, width).to(ScalarType.BFloat16);
        Expect.Same(table.index_select(0, places), Accelerator.Rows(table, places));
        var none = Accelerator.Rows(Random(1, 7, width).requires_grad_(), zeros([0], ScalarType.Int64));
        Assert.Equal([0, width], none.shape);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(-1)]
    public void Rows_PlaceThatIsNotThere_IsNamed(long place)
    {
        var error = Assert.ThrowsAny<Exception>(() => Accelerator.Rows(Random(1, 7, 3), tensor([1L, place])));
        Assert.Contains($"no row {place} of 7", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<int, int, int, int, int, int, bool, int?> Shapes => new()
    {
        { 2, 32, 3, 3, 64, 0, false, null },
        { 3, 17, 4, 2, 16, 8, true, null },
        { 2, 70, 2, 1, 12, 3, true, 5 },
        { 1, 100, 6, 6, 48, 24, false, 7 },
        { 2, 1, 2, 2, 8, 0, false, null },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Attention_AnyShape_MatchesTheComposition(int batch, int length, int heads, int shared, int width, int half, bool padded, int? window)
    {
        using var scope = NewDisposeScope();
        var shape = Shape(batch, length, heads, shared, width, half, padded, window);
        Same(x => Accelerator.Attention(x[0], shape), x => ComposedLayers.Attention(x[0], shape), Random(1, batch * length, (heads + 2 * shared) * width));
    }

    // The kernels look at flags themselves: they know nothing of this mask.
    [Theory, MemberData(nameof(Shapes))]
    public void AttentionMask_GivenToAPlainSoftmax_ShowsWhatTheKernelsSee(int batch, int length, int heads, int shared, int width, int half, bool padded, int? window)
    {
        using var scope = NewDisposeScope();
        _ = half; // turning has nothing to do with masks
        var shape = Shape(batch, length, heads, shared, width, 0, padded, window);
        var seen = AttentionMask.Seen(shape, CPU);
        Assert.Equal(!padded && (window is null || window >= length), seen is null);
        var rows = Random(1, batch * length, (heads + 2 * shared) * width);
        var all = rows.view(batch, length, heads + 2 * shared, width).transpose(1, 2);
        Tensor Each(long first) => all.narrow(1, first, shared).repeat_interleave(heads / shared, 1);
        var scores = all.narrow(1, 0, heads).matmul(Each(heads).transpose(-2, -1)).mul(shape.Scale);
        var weights = scores.masked_fill((seen ?? ones(length, length, ScalarType.Bool).tril()).logical_not(), float.NegativeInfinity).softmax(-1);
        Close(Accelerator.Attention(rows, shape), weights.matmul(Each(heads + shared)).transpose(1, 2).reshape(batch * length, heads * width));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(9, true)]
    [InlineData(8, true)]
    [InlineData(7, false)]
    public void AttentionMask_WindowThatReachesBackToTheStart_IsNone(int? window, bool isOrderAlone)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(isOrderAlone, AttentionMask.IsOrderAlone(Shape(2, 8, 2, 2, 4, 0, padded: false, window)));
        Assert.False(AttentionMask.IsOrderAlone(Shape(2, 8, 2, 2, 4, 0, padded: true, window)));
    }

    [Theory, MemberData(nameof(Shapes))]
    public void CachedAttention_PromptThenTokens_MatchesAllAtOnce(int batch, int length, int heads, int shared, int width, int half, bool padded, int? window)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var whole = Shape(batch, length, heads, shared, width, half, padded: false, window);
        var rows = Random(1, batch * length, (heads + 2 * shared) * width).view(batch, length, -1);
        var expected = ComposedLayers.Attention(rows.view(batch * length, -1), whole).view(batch, length, -1);
        // Where rows are padded, the first row's prompt is shorter than the others' and its tokens come later.
        var lag = padded ? length / 3 : 0;
        foreach (var compute in (Func<Tensor, Tensor, Tensor, AttentionShape, Tensor>[])[Accelerator.CachedAttention, ComposedLayers.CachedAttention])
        {
            Tensor keys = zeros(batch, shared, length + 2, width), values = zeros(batch, shared, length + 2, width);
            var prompt = Math.Max(1, length / 2);
            var found = compute(rows.narrow(1, 0, prompt).reshape(batch * prompt, -1).clone(), keys, values, Step(prompt, null)).view(batch, prompt, -1);
            Close(expected.narrow(1, 0, prompt), found);
            for (var at = prompt; at + 1 < length; at++)
            {
                var starts = full([batch], at, ScalarType.Int64);
                starts.narrow(0, 0, 1).sub_(Math.Min(lag, prompt));
                var newest = rows.gather(1, starts.view(batch, 1, 1).expand(batch, 1, rows.shape[2])).view(batch, -1);
                found = compute(newest.clone(), keys, values, Step(1, starts));
                Close(expected.gather(1, starts.view(batch, 1, 1).expand(batch, 1, expected.shape[2])).view(batch, -1), found);
            }
        }

        AttentionShape Step(long n, Tensor? starts) => new()
        {
            Batch = batch, Length = n, Heads = heads, SharedHeads = shared, HeadWidth = width, Window = window, Starts = starts, Columns = length,
            Positions = starts?.unsqueeze(1), Cosines = whole.Cosines, Sines = whole.Sines,
        };
    }

    [Fact]
    public void Attention_Bfloat16_IsWithinItsRounding()
    {
        using var scope = NewDisposeScope();
        var shape = Shape(2, 33, 4, 2, 16, 8, true, null);
        var rows = Random(1, 66, 128).to(ScalarType.BFloat16).requires_grad_();
        var exact = rows.detach().to(ScalarType.Float32).requires_grad_();
        Tensor found = Accelerator.Attention(rows, shape), expected = ComposedLayers.Attention(exact, shape), weights = Random(1, expected.shape).to(ScalarType.BFloat16);
        Autograd.Backward((found * weights).sum());
        Autograd.Backward((expected * weights.to(ScalarType.Float32)).sum());
        Assert.InRange((found.to(ScalarType.Float32) - expected).abs().max().item<float>(), 0, 0.02f);
        Assert.InRange((rows.grad!.to(ScalarType.Float32) - exact.grad!).abs().max().item<float>(), 0, 0.02f);
    }

    private static AttentionShape Shape(int batch, int length, int heads, int shared, int width, int half, bool padded, int? window)
    {
        Tensor? real = null, positions = null, cosines = null, sines = null;
        if (padded)
        {
            real = ones([batch, length], ScalarType.Bool);
            real.narrow(0, 0, 1).narrow(1, 0, length / 3).fill_(false);
            positions = real.cumsum(1, ScalarType.Int64).sub_(1).clamp_min_(0);
        }

        if (half > 0)
        {
            var angles = outer(arange(length, ScalarType.Float32), pow(100, arange(half, ScalarType.Float32) / -half));
            (cosines, sines) = (angles.cos(), angles.sin());
        }

        return new AttentionShape
        {
            Batch = batch, Length = length, Heads = heads, SharedHeads = shared, HeadWidth = width, Window = window,
            Real = real, Positions = positions, Cosines = cosines, Sines = sines,
        };
    }

    private static Tensor Random(double deviation, params long[] shape)
    {
        using var generator = new Generator((ulong)(17 + shape.Sum()));
        return randn(shape, generator: generator) * deviation;
    }

    // Results and the gradients of every input, against the composition.
    private static void Same(Func<Tensor[], Tensor> fused, Func<Tensor[], Tensor> composed, params Tensor[] inputs)
    {
        using var scope = NewDisposeScope();
        var (a, b) = (Leaves(inputs), Leaves(inputs));
        var (found, expected) = (fused(a), composed(b));
        Close(expected, found);
        var weights = Random(1, expected.shape);
        Autograd.Backward((found * weights).sum());
        Autograd.Backward((expected * weights).sum());
        foreach (var (x, y) in a.Zip(b)) Close(y.grad!, x.grad!);
    }

    private static Tensor[] Leaves(Tensor[] tensors) => [.. tensors.Select(tensor => tensor.detach().clone().requires_grad_())];

    private static void Close(Tensor expected, Tensor found)
    {
        Assert.Equal(expected.shape, found.shape);
        var bound = 2e-5f * Math.Max(1, expected.abs().max().item<float>());
        Assert.InRange(found.sub(expected).abs().max().item<float>(), 0, bound);
    }
}
