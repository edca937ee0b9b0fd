using System.Runtime.InteropServices;
using Rlhf.Foundation.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Foundation.Tests.Torch;

public sealed class AutogradTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Run_SquareByHand_GivesTwiceTheInput()
    {
        var x = tensor(new[] { 1f, -2f, 3f }, requires_grad: true);
        Autograd.Backward(Square(x).mul(tensor(new[] { 1f, 10f, 100f })).sum());
        Expect.Near([2, -40, 600], x.grad!);
    }

    [Fact]
    public void Run_OneOfTwoValuesUsed_TellsTheOtherHasNoGradient()
    {
        var x = tensor(new[] { 2f }, requires_grad: true);
        Tensor?[] seen = [];
        var values = Autograd.Attach([x.detach() * 2, x.detach() * 3], [x], [], (_, towards) =>
        {
            seen = [.. towards];
            return [towards[1]! * 3];
        });
        Autograd.Backward(values[1].sum());
        Assert.Null(seen[0]);
        Expect.Near([3], x.grad!);
    }

    /// <summary>Each node is given 4 MiB, makes 8 on its way and gives 4 back: what a node leaves behind would add up over all of them.</summary>
    [Fact]
    public void Backward_ManyNodes_HoldsWhatOneOfThemMakes()
    {
        var x = zeros(1 << 20, requires_grad: true);
        var held = new List<double>();
        var y = x;
        for (var node = 0; node < 16; node++)
        {
            y = Autograd.Attach(y.detach().clone(), [y], [], (_, towards) =>
            {
                held.Add(HeldMemory.Read());
                return [towards.clone().mul(tensor(2f))];
            });
        }

        Autograd.Backward(y.sum());

        Assert.Equal(16, held.Count);
        Assert.InRange(held.Max() - held[0], double.NegativeInfinity, 64 << 20);
        Expect.Near([65536], x.grad!.narrow(0, 0, 1));
    }

    [Fact]
    public void Run_BackwardThatThrows_ThrowsThat()
    {
        var x = ones(2, requires_grad: true);
        var y = Autograd.Attach(x.detach().clone(), [x], [], (_, _) => throw new InvalidDataException("not today"));
        Assert.Equal("not today", Assert.Throws<InvalidDataException>(() => Autograd.Backward(y.mul(2).sum())).Message);
        // Nothing of it stays behind.
        var z = ones(2, requires_grad: true);
        Autograd.Backward(z.sum());
        Expect.Near([1, 1], z.grad!);
    }

    [Fact]
    public void Run_BackwardWithAnErrorOfLibtorch_ThrowsWithItsWords()
    {
        var x = ones(2, 3, requires_grad: true);
        var y = Autograd.Attach(x.detach().clone(), [x], [], (_, towards) => [mm(towards, towards)]);
        Assert.Contains("cannot be multiplied", Assert.Throws<ExternalException>(() => Autograd.Backward(y.sum())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_Twice_ThrowsThatTheGraphIsGone()
    {
        var x = ones(2, requires_grad: true);
        var y = x.square().sum();
        Autograd.Backward(y);
        Assert.Contains("second time", Assert.Throws<ExternalException>(() => Autograd.Backward(y)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_GradientOfTheWrongShape_Throws()
    {
        var x = ones(2, 3, requires_grad: true);
        Assert.Throws<ExternalException>(() => Autograd.Backward(x.mul(2), ones(4)));
    }

    [Fact]
    public void Of_WithoutGradients_LeavesValuesAsTheyAre()
    {
        var x = ones(2, requires_grad: true);
        using (no_grad()) Assert.False(Square(x).requires_grad);
        Assert.False(Square(ones(2)).requires_grad);
    }

    [Fact]
    public void Run_InsideABackwardPass_AddsToWeightsThatItReaches()
    {
        var weight = nn.Parameter(tensor(new[] { 3f }));
        var x = tensor(new[] { 2f }, requires_grad: true);
        var y = Autograd.Attach(x.detach() * 3, [x], [x], (saved, towards) =>
        {
            using var recorded = enable_grad();
            var again = saved[0]!.detach().requires_grad_();
            Autograd.Backward(again * weight, towards);
            return [again.grad];
        });
        Autograd.Backward(y.sum());
        Expect.Near([3], x.grad!);
        Expect.Near([2], weight.grad!);
    }

    [Fact]
    public void Of_DroppedWithoutABackwardPass_FreesWhatWasSaved()
    {
        var before = HeldMemory.AfterCollection();
        for (var i = 0; i < 400; i++)
        {
            using var scope = NewDisposeScope();
            var x = ones([1 << 20], requires_grad: true); // 4 MB
            Square(x);
        }

        Assert.True(HeldMemory.AfterCollection() - before < 200 << 20, $"{(HeldMemory.AfterCollection() - before) >> 20} MB more after 400 graphs of 8 MB that nobody used");
    }

    private static Tensor Square(Tensor x) =>
        Autograd.Attach(x.detach().square(), [x], [x], (saved, towards) => [saved[0]! * towards * 2]);
}
