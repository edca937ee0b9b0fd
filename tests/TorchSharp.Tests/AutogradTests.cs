using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp.Tests;

public sealed class AutogradTests
{
    [Fact]
    public void Backward_HandComputedChain_GivesTheGradient()
    {
        using var scope = NewDisposeScope();
        var x = tensor([2f, 3f], requires_grad: true);
        (x * x * x).sum().backward();
        Assert.Equal([12f, 27f], x.grad!.data<float>().ToArray());
        (x * 2).sum().backward();
        Assert.Equal([14f, 29f], x.grad!.data<float>().ToArray());
    }

    [Fact]
    public void NoGradAndEnableGrad_Nest()
    {
        using var scope = NewDisposeScope();
        var x = ones(2, requires_grad: true);
        using (no_grad())
        {
            Assert.False((x * 2).requires_grad);
            using (enable_grad()) Assert.True((x * 2).requires_grad);
            Assert.False(is_grad_enabled());
        }

        Assert.True((x * 2).requires_grad);
        using (inference_mode()) Assert.False((x * 2).requires_grad);
        Assert.False(x.detach().requires_grad);
    }

    [Fact]
    public void Grad_OfOutputs_LeavesLeavesAlone()
    {
        using var scope = NewDisposeScope();
        var x = tensor([3f], requires_grad: true);
        var g = autograd.grad([x * x], [x]);
        Assert.Equal(6f, g[0].item<float>());
        Assert.Null(x.grad);
    }

    [Fact]
    public void Grad_CreateGraph_GivesSecondDerivatives()
    {
        using var scope = NewDisposeScope();
        var x = tensor([2f], requires_grad: true);
        var first = autograd.grad([(x * x * x).sum()], [x], create_graph: true)[0];
        Assert.Equal(12f, autograd.grad([first.sum()], [x])[0].item<float>());
    }

    /// <summary>f(x, w) = Σ (x·w)², with its gradients written by hand.</summary>
    private sealed class SquaredProduct : autograd.SingleTensorFunction<SquaredProduct>
    {
        public override string Name => nameof(SquaredProduct);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, w) = ((Tensor)vars[0], (Tensor)vars[1]);
            ctx.save_for_backward([x, w]);
            ctx.save_data("power", (int)vars[2]);
            return x.matmul(w).pow((int)vars[2]).sum();
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var saved = ctx.get_saved_variables();
            var inner = saved[0].matmul(saved[1]) * 2 * grad_output;
            return [inner.matmul(saved[1].t()), saved[0].t().matmul(inner)];
        }
    }

    [Fact]
    public void CustomFunction_GradientsMatchAutogradsOwn()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var x = randn(3, 4, ScalarType.Float64, requires_grad: true);
        var w = randn(4, 2, ScalarType.Float64, requires_grad: true);
        var plain = autograd.grad([x.matmul(w).pow(2).sum() * 3], [x, w]);
        var custom = autograd.grad([SquaredProduct.apply(x, w, 2) * 3], [x, w]);
        Assert.True(plain[0].allclose(custom[0], 1e-12));
        Assert.True(plain[1].allclose(custom[1], 1e-12));
    }

    [Fact]
    public void CustomFunction_WithoutGradients_BuildsNoGraph()
    {
        using var scope = NewDisposeScope();
        Assert.False(SquaredProduct.apply(ones(1, 1), ones(1, 1), 2).requires_grad);
    }

    private sealed class Failing : autograd.SingleTensorFunction<Failing>
    {
        public override string Name => nameof(Failing);
        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars) => (Tensor)vars[0] * 1;
        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => throw new InvalidOperationException("no way back");
    }

    [Fact]
    public void CustomFunction_BackwardThrows_MessageArrives()
    {
        using var scope = NewDisposeScope();
        var x = ones(1, requires_grad: true);
        var e = Assert.ThrowsAny<Exception>(() => Failing.apply(x).sum().backward());
        Assert.Contains("no way back", e.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string> Operators => ["linear", "layer_norm", "gelu", "log_softmax", "gather", "embedding", "attention"];

    /// <summary>Central differences in double, step 1e-6, against backward.</summary>
    [Theory, MemberData(nameof(Operators))]
    public void Gradient_AgainstFiniteDifferences(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var x = randn(3, 4, ScalarType.Float64, requires_grad: true);
        var w = randn(4, 4, ScalarType.Float64);
        var index = tensor(new long[,] { { 0, 3 }, { 1, 1 }, { 2, 0 } });
        Tensor F(Tensor input) => name switch
        {
            "linear" => nn.functional.linear(input, w).sin().sum(),
            "layer_norm" => (nn.functional.layer_norm(input, [4]) * w[0]).sum(),
            "gelu" => (Libtorch.GeluTanh(input) + input.gelu()).sum(),
            "log_softmax" => (input.log_softmax(-1) * w[1]).sum(),
            "gather" => input.gather(1, index).pow(2).sum(),
            "embedding" => input[tensor([0L, 2L, 2L])].pow(3).sum(),
            _ => nn.functional.scaled_dot_product_attention(input.unsqueeze(0), input.unsqueeze(0), input.unsqueeze(0)).sin().sum(),
        };
        F(x).backward();
        var analytic = x.grad!.data<double>().ToArray();
        using var quiet = no_grad();
        for (var i = 0; i < analytic.Length; i++)
        {
            var bump = zeros(12, ScalarType.Float64);
            bump[i] = tensor(1e-6);
            var numeric = (F(x + bump.view(3, 4)) - F(x - bump.view(3, 4))).item<double>() / 2e-6;
            Assert.Equal(numeric, analytic[i], 6);
        }
    }

    [Fact]
    public void Module_StateDictAndFreezing_Work()
    {
        using var scope = NewDisposeScope();
        using var net = nn.Sequential(("first", nn.Linear(3, 4)), ("act", nn.GELU()), ("last", nn.Linear(4, 1, hasBias: false)));
        Assert.Equal(["first.weight", "first.bias", "last.weight"], net.state_dict().Keys);
        using var twin = nn.Sequential(("first", nn.Linear(3, 4)), ("act", nn.GELU()), ("last", nn.Linear(4, 1, hasBias: false)));
        twin.load_state_dict(net.state_dict());
        var x = randn(5, 3);
        Assert.True(net.call(x).equal(twin.call(x)));
        Assert.Throws<InvalidOperationException>(() => twin.load_state_dict([]));
        foreach (var parameter in net.parameters()) parameter.requires_grad = false;
        Assert.False(net.call(x).requires_grad);
    }

    [Fact]
    public void Module_ToType_ConvertsInPlaceAndKeepsIdentity()
    {
        using var net = nn.Linear(2, 2);
        var weight = net.weight;
        net.to(ScalarType.BFloat16);
        Assert.Same(weight, net.weight);
        Assert.Equal(ScalarType.BFloat16, weight.dtype);
        Assert.True(weight.requires_grad && weight.is_leaf);
    }

    [Fact]
    public void Parameter_MadeInAScope_OutlivesIt()
    {
        Parameter parameter;
        using (NewDisposeScope()) parameter = new Parameter(ones(2));
        Assert.False(parameter.IsInvalid);
        parameter.Dispose();
    }
}
