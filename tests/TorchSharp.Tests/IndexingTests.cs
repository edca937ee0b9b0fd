using static TorchSharp.torch;

namespace TorchSharp.Tests;

/// <summary>Every kind of index, on a 3 × 4 grid of 0 … 11 unless said otherwise.</summary>
public sealed class IndexingTests
{
    private static Tensor Grid() => arange(12, ScalarType.Float32).view(3, 4);

    private static void Holds(float[] expected, long[] shape, Tensor actual)
    {
        Assert.Equal(shape, actual.shape);
        Assert.Equal(expected, actual.data<float>().ToArray());
    }

    [Fact]
    public void Index_Single_SelectsAndDropsTheDimension()
    {
        using var scope = NewDisposeScope();
        Holds([4, 5, 6, 7], [4], Grid()[1]);
        Holds([8, 9, 10, 11], [4], Grid()[-1]);
        Assert.Equal(6f, Grid()[1, 2].item<float>());
    }

    [Fact]
    public void Index_Slice_WithStepAndNegativeEnds()
    {
        using var scope = NewDisposeScope();
        Holds([1, 3, 5, 7, 9, 11], [3, 2], Grid()[TensorIndex.Colon, TensorIndex.Slice(1, null, 2)]);
        Holds([0, 1, 2, 4, 5, 6, 8, 9, 10], [3, 3], Grid()[TensorIndex.Ellipsis, TensorIndex.Slice(null, -1)]);
    }

    [Fact]
    public void Index_RangeAndFromEnd_AsInCSharp()
    {
        using var scope = NewDisposeScope();
        Holds([4, 5, 6, 7, 8, 9, 10, 11], [2, 4], Grid()[1..]);
        Holds([2, 3, 6, 7, 10, 11], [3, 2], Grid()[.., ^2..]);
        Holds([3, 7, 11], [3], Grid()[TensorIndex.Colon, ^1]);
    }

    [Fact]
    public void Index_NoneAndEllipsis_InsertAndSkip()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([1, 3, 1, 4], Grid()[TensorIndex.None, TensorIndex.Colon, TensorIndex.Null].shape);
        var cube = arange(24, ScalarType.Float32).view(2, 3, 4);
        Holds([1, 5, 9, 13, 17, 21], [2, 3], cube[TensorIndex.Ellipsis, 1]);
        Holds([12, 16, 20], [3], cube[1, TensorIndex.Ellipsis, 0]);
    }

    [Fact]
    public void Index_Bool_AddsADimensionOfOneOrZero()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([1, 3, 4], Grid()[TensorIndex.Bool(true)].shape);
        Assert.Equal([0, 3, 4], Grid()[TensorIndex.Bool(false)].shape);
    }

    [Fact]
    public void Index_TensorOfPositions_Gathers()
    {
        using var scope = NewDisposeScope();
        Holds([8, 9, 10, 11, 0, 1, 2, 3], [2, 4], Grid()[tensor([2L, 0L])]);
        Holds([2, 1], [2], Grid()[tensor([0L, 0L]), tensor([2L, 1L])]);
        Holds([0, 8], [2], Grid()[tensor([0L, 2L]), TensorIndex.Single(0)]);
        Holds([1, 0, 5, 4, 9, 8], [3, 2], Grid()[TensorIndex.Colon, tensor([1L, 0L])]);
    }

    [Fact]
    public void Index_Mask_SelectsElementsOrRows()
    {
        using var scope = NewDisposeScope();
        Holds([9, 10, 11], [3], Grid()[Grid() > 8]);
        Holds([0, 1, 2, 3, 8, 9, 10, 11], [2, 4], Grid()[tensor([true, false, true])]);
    }

    [Fact]
    public void Index_NonContiguousSource_ReadsTheView()
    {
        using var scope = NewDisposeScope();
        Holds([1, 5, 9], [3], Grid().t()[1]);
    }

    [Fact]
    public void Index_TooMany_Throws()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentOutOfRangeException>(() => Grid()[0, 0, 0]);
    }

    [Fact]
    public void IndexPut_SliceAndPositions_WriteThroughToTheTensor()
    {
        using var scope = NewDisposeScope();
        var a = Grid();
        a[TensorIndex.Colon, TensorIndex.Slice(0, 2)] = zeros(3, 2);
        Holds([0, 0, 2, 3, 0, 0, 6, 7, 0, 0, 10, 11], [3, 4], a);
        a[tensor([0L, 2L]), tensor([3L, 3L])] = tensor([-1f, -2f]);
        Holds([0, 0, 2, -1, 0, 0, 6, 7, 0, 0, 10, -2], [3, 4], a);
    }

    [Fact]
    public void IndexPut_Accumulate_AddsRepeatedPositions()
    {
        using var scope = NewDisposeScope();
        var a = zeros(3);
        a.index_put_(tensor([1f, 2f, 4f]), [tensor([1L, 1L, 2L])], accumulate: true);
        Holds([0, 3, 4], [3], a);
        a.index_put_(tensor([1f, 2f, 4f]), [tensor([1L, 1L, 2L])]);
        Assert.Equal(4f, a[2].item<float>());
        Assert.Contains(a[1].item<float>(), new[] { 1f, 2f });
    }

    [Fact]
    public void IndexPut_Scalar_FillsAMask()
    {
        using var scope = NewDisposeScope();
        var a = Grid();
        a.index_put_(7, a > 3);
        Assert.Equal(0 + 1 + 2 + 3 + 8 * 7f, a.sum().item<float>());
    }
}
