using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class ErrorTests
{
    [Fact]
    public void Matmul_WrongShapes_NamesOperatorAndShapes()
    {
        using var scope = NewDisposeScope();
        var e = Assert.Throws<ExternalException>(() => zeros(2, 3).mm(zeros(4, 5)));
        Assert.Contains("aten::mm(Tensor[2, 3] float32, Tensor[4, 5] float32)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Select_IndexOutOfRange_NamesOperatorAndShape()
    {
        using var scope = NewDisposeScope();
        var e = Assert.Throws<ExternalException>(() => zeros(2, 3)[5]);
        Assert.Contains("aten::select", e.Message, StringComparison.Ordinal);
        Assert.Contains("Tensor[2, 3]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Operator_DisposedTensor_NamesOperatorAndArgument()
    {
        using var scope = NewDisposeScope();
        var left = zeros(2, 2);
        var right = zeros(2, 2);
        right.Dispose();
        var e = Assert.Throws<ObjectDisposedException>(() => left.matmul(right));
        Assert.Contains("aten::matmul: argument 2", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Add_BadDtypeInPlace_Throws()
    {
        using var scope = NewDisposeScope();
        var whole = zeros(2, ScalarType.Int64);
        Assert.Throws<ExternalException>(() => whole.add_(ones(2)));
    }

    [Fact]
    public void Backward_OfNonScalar_NamesTheTensor()
    {
        using var scope = NewDisposeScope();
        var x = ones(3, requires_grad: true);
        var e = Assert.Throws<ExternalException>(() => (x * 2).backward());
        Assert.Contains("Tensor[3]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Item_OfSeveralElements_Throws()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => zeros(3).item<float>());
    }

    [Fact]
    public void Data_WrongElementType_Throws()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => zeros(3).data<double>());
    }
}
