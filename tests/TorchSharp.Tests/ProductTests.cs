using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class ProductTests
{
    public static TheoryData<int, int, int> Shapes => new() { { 1, 1, 1 }, { 3, 5, 7 }, { 64, 384, 96 }, { 65, 513, 33 }, { 130, 1030, 2100 }, { 7, 64, 172 }, { 9, 2100, 40 }, { 3200, 33, 20 }, { 3200, 9, 2100 } };

    [Theory, MemberData(nameof(Shapes))]
    public void Product_AnyShapeAndLayout_IsTheProduct(int rows, int depth, int columns)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        Tensor bias = randn([columns]), residual = randn([rows, columns]);
        foreach (var left in new[] { randn([rows, depth]), randn([depth, rows]).t(), randn([rows, depth + 3]).narrow(1, 2, depth) })
        foreach (var right in new[] { randn([depth, columns]), randn([columns, depth]).t() })
        {
            var exact = left.@double().matmul(right.@double());
            Near(exact, Libtorch.Product(left, right), depth);
            Near(exact.add(bias), Libtorch.Product(left, right, bias), depth);
            Near(exact.add(residual), Libtorch.Product(left, right, residual: residual), depth);
            Near(exact.add(bias).add(residual), Libtorch.Product(left, right, bias, residual), depth);
            Near(exact.add(bias).add(residual), Libtorch.ProductPacked(left, Libtorch.Pack(right), columns, bias, residual), depth);
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Product_OneRowOrFewOrPacked_IsBitwiseTheSame(int rows, int depth, int columns)
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        Tensor left = randn([rows, depth]), right = randn([columns, depth]).t(), bias = randn([columns]);
        var whole = Libtorch.Product(left, right, bias);
        Assert.True(whole.equal(Libtorch.ProductPacked(left, Libtorch.Pack(right), columns, bias)));
        foreach (var row in new[] { 0, rows / 2, rows - 1 })
        {
            Assert.True(whole.narrow(0, row, 1).equal(Libtorch.Product(left.narrow(0, row, 1), right, bias)));
            Assert.True(whole.narrow(0, row, rows - row).equal(Libtorch.Product(left.narrow(0, row, rows - row), right, bias)));
        }
    }

    [Fact]
    public void Product_BFloat16_IsTheProductRoundedOnce()
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        Tensor left = randn([33, 70]).to(ScalarType.BFloat16), right = randn([50, 70]).to(ScalarType.BFloat16).t(), bias = randn([50]).to(ScalarType.BFloat16), residual = randn([33, 50]).to(ScalarType.BFloat16);
        var exact = left.@double().matmul(right.@double()).add(bias).add(residual);
        var found = Libtorch.Product(left, right, bias, residual);
        Assert.Equal(ScalarType.BFloat16, found.dtype);
        // Half a unit of the last of 8 bits; libtorch rounds the bias and the residual on their way in as well.
        var (relative, absolute) = Libtorch.HasHalfProducts ? (1 / 64.0, 0.05) : (1 / 256.0, 1e-5);
        Assert.True(exact.sub(found.@double()).abs().le(exact.abs().mul(relative).add(absolute)).all().item<bool>());
        if (!Libtorch.HasHalfProducts) Assert.True(found.equal(Libtorch.ProductPacked(left, Libtorch.Pack(right), 50, bias, residual)));
    }

    [Fact]
    public void Product_OneThreadOrTwo_IsBitwiseTheSame()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        Tensor left = randn([300, 700]), right = randn([700, 900]);
        var threads = get_num_threads();
        try
        {
            set_num_threads(2);
            var two = Libtorch.Product(left, right);
            set_num_threads(1);
            Assert.True(two.equal(Libtorch.Product(left, right)));
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    [Theory]
    [InlineData(2, 0, 3)]
    [InlineData(2, 0, 70)]
    [InlineData(0, 5, 3)]
    [InlineData(2, 5, 0)]
    [InlineData(0, 0, 0)]
    public void Product_OfNothing_IsWhatItBeginsWith(int rows, int depth, int columns)
    {
        using var scope = NewDisposeScope();
        Tensor left = ones([rows, depth]), right = ones([depth, columns]), bias = arange(columns, ScalarType.Float32), residual = full([rows, columns], 0.5f);
        // Memory that was used before, so that a result nobody has written to does not happen to be zero.
        for (var i = 0; i < 4; i++) full([rows, columns], float.NaN).Dispose();
        Assert.True(zeros([rows, columns]).equal(Libtorch.Product(left, right)));
        Assert.True(residual.add(bias).equal(Libtorch.Product(left, right, bias, residual)));
        Assert.True(residual.add(bias).equal(Libtorch.ProductPacked(left, Libtorch.Pack(right), columns, bias, residual)));
        for (var i = 0; i < 4; i++) full([rows, columns], float.NaN).Dispose();
        Assert.True(zeros([rows, columns]).equal(Libtorch.ProductPacked(left, Libtorch.Pack(right), columns)));
        var sum = residual.clone();
        Libtorch.ProductAdd(sum, left, right);
        Assert.True(residual.equal(sum));
    }

    [Fact]
    public void ProductAdd_PartOfAMatrix_LeavesTheRestAlone()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        Tensor left = randn([5, 40]), right = randn([40, 50]), sum = ones([7, 60]);
        Libtorch.ProductAdd(sum.narrow(0, 1, 5).narrow(1, 3, 50), left, right);
        var expected = ones([7, 60], ScalarType.Float64);
        expected.narrow(0, 1, 5).narrow(1, 3, 50).add_(left.@double().matmul(right.@double()));
        Near(expected, sum, 40);
    }

    [Fact]
    public void Product_WrongTypeOrShape_Throws()
    {
        using var scope = NewDisposeScope();
        Assert.ThrowsAny<Exception>(() => Libtorch.Product(randn([2, 3]), randn([4, 2])));
        Assert.ThrowsAny<Exception>(() => Libtorch.Product(randn([2, 3]).@double(), randn([3, 2])));
        Assert.ThrowsAny<Exception>(() => Libtorch.ProductPacked(randn([2, 3]), Libtorch.Pack(randn([4, 2])), 2));
    }

    private static void Near(Tensor exact, Tensor found, int depth) =>
        Assert.True(exact.sub(found.@double()).abs().max().item<double>() < 2e-6 * Math.Sqrt(depth) * (1 + Math.Log2(depth)));
}
