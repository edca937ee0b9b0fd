using static TorchSharp.torch;

namespace TorchSharp.Tests;

/// <summary>What is easy to get wrong: argument order, defaults, negative dimensions, empty and strided tensors, types.</summary>
public sealed class SemanticsTests
{
    private static void Holds(float[] expected, Tensor actual, float tolerance = 1e-6f)
    {
        var values = actual.to(ScalarType.Float32).data<float>().ToArray();
        Assert.Equal(expected.Length, values.Length);
        for (var i = 0; i < values.Length; i++) Assert.InRange(values[i], expected[i] - tolerance, expected[i] + tolerance);
    }

    [Fact]
    public void Arithmetic_ScalarOnEitherSide_KeepsTheOrder()
    {
        using var scope = NewDisposeScope();
        var x = tensor([1f, 2f, 4f]);
        Holds([9, 8, 6], 10 - x);
        Holds([8, 4, 2], 8 / x);
        Holds([-9, -8, -6], x - 10);
        Holds([0.5f, 1, 2], x / 2);
        Holds([1, 2, 1], tensor([7L, 8L, -2L]) % 3, 0);
    }

    [Fact]
    public void Division_OfWholeNumbers_IsRealAndFloorRoundsDown()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(ScalarType.Float32, (tensor([7L]) / tensor([2L])).dtype);
        Holds([3.5f], tensor([7L]) / tensor([2L]));
        Holds([-4], tensor([-7L]).floor_divide(2));
    }

    [Fact]
    public void Promotion_ScalarDoesNotWidenTheTensor()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(ScalarType.BFloat16, (ones(2, ScalarType.BFloat16) * 1.5).dtype);
        Assert.Equal(ScalarType.Float32, (ones(2, ScalarType.Int64) * 1.5).dtype);
        Assert.Equal(ScalarType.Int64, (ones(2, ScalarType.Int64) * 2).dtype);
        Assert.Equal(ScalarType.Float32, (ones(2) + ones(2, ScalarType.BFloat16)).dtype);
    }

    [Fact]
    public void Broadcasting_RowAndColumn_MakesATable()
    {
        using var scope = NewDisposeScope();
        Holds([11, 12, 21, 22], tensor([10f, 20f]).view(2, 1) + tensor([1f, 2f]));
    }

    [Fact]
    public void Var_Default_IsUnbiased()
    {
        using var scope = NewDisposeScope();
        var x = tensor([1f, 2f, 3f, 4f]);
        Assert.Equal(5f / 3, x.var().item<float>(), 5);
        Assert.Equal(1.25f, x.var(unbiased: false).item<float>(), 5);
    }

    [Fact]
    public void NegativeDims_CountFromTheEnd()
    {
        using var scope = NewDisposeScope();
        var x = arange(6, ScalarType.Float32).view(1, 2, 3);
        Holds([3, 12], x.sum(-1));
        Holds([3, 5, 7], x.sum(-2));
        Assert.Equal([1, 3, 2], x.transpose(-1, -2).shape);
        Assert.Equal([1, 2, 3, 1], x.unsqueeze(-1).shape);
        Assert.Equal(3, x.size(-1));
    }

    [Fact]
    public void EmptyTensors_ReduceToTheNeutralElement()
    {
        using var scope = NewDisposeScope();
        var none = zeros([0, 3]);
        Assert.Equal(0f, none.sum().item<float>());
        Assert.True(float.IsNaN(none.mean().item<float>()));
        Assert.True(none.all().item<bool>());
        Assert.False(none.any().item<bool>());
        Assert.Equal([0, 5], none.matmul(zeros(3, 5)).shape);
        Assert.Equal([3, 5], zeros([3, 0]).matmul(zeros([0, 5])).shape);
        Assert.Equal([2, 3], cat([none, ones(2, 3)]).shape);
    }

    [Fact]
    public void NonContiguous_InputsAreReadByStride()
    {
        using var scope = NewDisposeScope();
        var x = arange(6, ScalarType.Float32).view(2, 3).t();
        Assert.False(x.is_contiguous());
        Assert.Equal([0f, 3, 1, 4, 2, 5], x.data<float>().ToArray());
        Assert.Equal(4f, x.data<float>()[1, 1]);
        Assert.Throws<InvalidOperationException>(() => x.bytes.Length);
        Holds([0, 3, 1, 4, 2, 5], x.contiguous().view(6));
        Assert.ThrowsAny<Exception>(() => x.view(6));
    }

    [Fact]
    public void GatherAndScatter_AreEachOthersInverse()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        var index = tensor(new long[,] { { 2, 0 }, { 1, 1 } });
        Holds([3, 1, 5, 5], x.gather(1, index));
        Holds([20, 0, 10, 0, 50, 0], zeros(2, 3).scatter(1, tensor(new long[,] { { 2, 0 }, { 1, 1 } }), tensor(new float[,] { { 10, 20 }, { 50, 50 } })));
        Holds([0, 3, 0], zeros(3).scatter_add_(0, tensor([1L, 1L]), tensor([1f, 2f])));
        Holds([5, 0, 2], zeros(3).index_add_(0, tensor([0L, 2L, 0L]), tensor([1f, 2f, 4f]), 1));
    }

    [Fact]
    public void TopkSortMax_ReturnValuesThenIndices()
    {
        using var scope = NewDisposeScope();
        var x = tensor([3f, 9f, 1f, 9f]);
        var (values, indexes) = x.topk(2, largest: false);
        Holds([1, 3], values);
        Assert.Equal([2L, 0L], indexes.data<long>().ToArray());
        var (sorted, order) = x.sort(descending: true, stable: true);
        Holds([9, 9, 3, 1], sorted);
        Assert.Equal([1L, 3L, 0L, 2L], order.data<long>().ToArray());
        var (max, at) = x.view(2, 2).max(1);
        Holds([9, 9], max);
        Assert.Equal([1L, 1L], at.data<long>().ToArray());
    }

    [Fact]
    public void SearchsortedAndCumsum_GiveTheInverseOfADistribution()
    {
        using var scope = NewDisposeScope();
        var cumulative = tensor([0.2f, 0.3f, 0.5f]).cumsum(0);
        Assert.Equal([0L, 1L, 2L, 2L], searchsorted(cumulative, tensor([0.1f, 0.4f, 0.6f, 0.99f])).data<long>().ToArray());
        Assert.Equal([1L], searchsorted(tensor([1f, 2f]), tensor([1f]), right: true).data<long>().ToArray());
    }

    [Fact]
    public void WhereStackMask_ComposeAsExpected()
    {
        using var scope = NewDisposeScope();
        var x = tensor([1f, -2f, 3f]);
        Holds([1, 0, 3], where(x > 0, x, zeros_like(x)));
        Assert.Equal([2, 3], stack([x, x]).shape);
        Assert.Equal([3, 2], stack([x, x], 1).shape);
        Holds([1, -7, 3], x.masked_fill(x < 0, -7));
        Assert.Equal(2, (x > 0).sum().item<long>());
    }

    [Fact]
    public void SoftmaxFamily_MatchesPyTorch()
    {
        using var scope = NewDisposeScope();
        var x = tensor([1f, 2f, 3f]);
        Assert.Equal(3.40760589f, x.logsumexp(0).item<float>(), 5);
        Holds([-2.4076059f, -1.4076059f, -0.4076059f], x.log_softmax(0));
        Holds([0.09003057f, 0.24472848f, 0.66524094f], x.softmax(-1));
        Assert.Equal(ScalarType.Float32, x.bfloat16().log_softmax(0, ScalarType.Float32).dtype);
    }

    [Fact]
    public void CrossEntropy_IgnoresAndSmooths_AsPyTorch()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new float[,] { { 1, 2, 3 }, { 0, 0, 5 } });
        Assert.Equal(2.40760589f, nn.functional.cross_entropy(logits, tensor([0L, -100L])).item<float>(), 5);
        Assert.Equal(1.32716262f, nn.functional.cross_entropy(logits, tensor([0L, 2L]), label_smoothing: 0.1).item<float>(), 5);
    }

    [Fact]
    public void KlDiv_LogTargetIsTheDefault_AndArgumentsAreInputThenTarget()
    {
        using var scope = NewDisposeScope();
        var kl = nn.functional.kl_div(tensor(new float[,] { { -1, -2 } }), tensor(new float[,] { { -1.5f, -0.5f } }), reduction: nn.Reduction.Sum);
        Assert.Equal(0.7982309f, kl.item<float>(), 5);
    }

    [Fact]
    public void Gelu_ExactAndTanh_MatchPyTorch()
    {
        using var scope = NewDisposeScope();
        var x = tensor([-1f, 0.5f, 2f]);
        Holds([-0.15865529f, 0.3457312f, 1.95449996f], x.gelu());
        Holds([-0.15880799f, 0.345714f, 1.95459771f], Libtorch.GeluTanh(x));
    }

    [Fact]
    public void Random_SameSeed_GivesPyTorchsNumbers()
    {
        using var scope = NewDisposeScope();
        manual_seed(123);
        Holds([-0.11146712f, 0.12036294f, -0.36963451f], randn(3));
        Holds([0.18405646f, 0.72644675f], rand(2));
        using var generator = new Generator(7);
        Holds([0.53492254f, 0.19880319f, 0.6592117f], rand(3, generator: generator));
    }

    [Fact]
    public void Generator_StateRestored_RepeatsTheStream()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5);
        var state = generator.get_state();
        var first = rand(8, generator: generator).data<float>().ToArray();
        generator.set_state(state);
        Assert.Equal(first, rand(8, generator: generator).data<float>().ToArray());
    }

    [Fact]
    public void Multinomial_PointMass_AlwaysDrawsIt()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([2L, 2L, 2L], tensor([0f, 0f, 1f]).multinomial(3, replacement: true).data<long>().ToArray());
        Assert.Equal([0L, 1L], tensor([0.5f, 0.5f, 0f]).multinomial(2).sort(0).Values.data<long>().ToArray());
    }

    [Theory]
    [InlineData(ScalarType.Byte, 1)]
    [InlineData(ScalarType.Bool, 1)]
    [InlineData(ScalarType.BFloat16, 2)]
    [InlineData(ScalarType.Int32, 4)]
    [InlineData(ScalarType.Float64, 8)]
    public void Conversion_ThereAndBack_KeepsOnes(ScalarType type, int size)
    {
        using var scope = NewDisposeScope();
        var x = ones(3).to(type);
        Assert.Equal(type, x.dtype);
        Assert.Equal(size, x.ElementSize);
        Assert.Equal(3 * size, x.bytes.Length);
        Holds([1, 1, 1], x);
    }

    [Fact]
    public void LargeWholeNumbers_ItemIsExact()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(9007199254740993L, tensor(9007199254740993L).item<long>());
    }

    [Fact]
    public void Bytes_Written_ChangeTheTensor()
    {
        using var scope = NewDisposeScope();
        var x = zeros(2);
        x.bytes = new byte[] { 0, 0, 128, 63, 0, 0, 0, 64 };
        Holds([1, 2], x);
    }

    [Fact]
    public void Attention_Causal_FirstPositionSeesOnlyItself()
    {
        using var scope = NewDisposeScope();
        var q = ones(1, 1, 2, 4);
        var v = tensor([1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f]).view(1, 1, 2, 4);
        Holds([1, 2, 3, 4, 3, 4, 5, 6], nn.functional.scaled_dot_product_attention(q, q, v, is_casual: true));
    }

    [Fact]
    public void Threads_AreAllCoresUnlessTold()
    {
        var wanted = int.TryParse(Environment.GetEnvironmentVariable("OMP_NUM_THREADS"), out var n) ? n : Environment.ProcessorCount;
        Assert.Equal(wanted, get_num_threads());
    }
}
