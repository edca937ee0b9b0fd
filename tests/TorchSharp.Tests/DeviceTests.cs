using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace TorchSharp.Tests;

/// <summary>What holds for tensors wherever they are: each test runs on the CPU, and on a GPU where there is one.</summary>
[Trait("Device", "gpu")]
public sealed class DeviceTests
{
    public static TheoryData<string> Devices => ["cpu", "cuda"];

    [Theory, MemberData(nameof(Devices))]
    public void To_EveryType_ComesBackBitForBit(string name)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        var numbers = Random(3, 5).mul(100);
        foreach (var type in new[] { ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64, ScalarType.Int32, ScalarType.Byte, ScalarType.Bool })
        {
            var here = numbers.abs().to(type);
            var there = here.to(device);
            Assert.Equal(device.type, there.device_type);
            Assert.Equal(type, there.dtype);
            Assert.True(here.equal(there.cpu()), $"{type} changed on the way");
        }
    }

    [Theory, MemberData(nameof(Devices))]
    public void Operators_OfEveryKind_GiveTheCpusNumbers(string name)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        Tensor a = Random(7, 33), b = Random(33, 12), index = randint(0, 12, [7, 3], ScalarType.Int64, generator: new Generator(3));
        Tensor[] Compute(Device at)
        {
            Tensor x = a.to(at), y = b.to(at), i = index.to(at);
            var product = x.mm(y);
            var sorted = product.sort(-1);
            var put = zeros([7, 12], device: at);
            put.index_put_(i.select(1, 0).to(ScalarType.Float32), TensorIndex.Tensor(arange(7, ScalarType.Int64, at)), TensorIndex.Tensor(i.select(1, 0)));
            return
            [
                product, x.add(0.5).mul(2).sub(x.tanh()), product.softmax(-1), product.log_softmax(1), product.logsumexp(1), product.sum(-1), product.mean([0], true),
                sorted.Values, sorted.Indices, product.topk(4).values, product.argmax(1), product.cumsum(1, ScalarType.Float64), product.gather(1, i),
                product.masked_fill(product.gt(0), 1), where(product.gt(0), product, product.neg()), searchsorted(sorted.Values, product.narrow(1, 0, 2).contiguous()), put,
                product.view(7, 3, 4).permute(1, 0, 2).contiguous(), product[TensorIndex.Slice(1, 5, 2), TensorIndex.Ellipsis],
                nn.functional.layer_norm(product, [12], ones(12, device: at), zeros(12, device: at), 1e-5), product.square().sum().sqrt(),
            ];
        }

        foreach (var (expected, found) in Compute(CPU).Zip(Compute(device))) Close(expected, found, 1e-5);
    }

    [Theory, MemberData(nameof(Devices))]
    public void Backward_ThroughAChain_GivesTheCpusGradients(string name)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        Tensor[] leaves = [Random(6, 8), Random(8, 5), Random(5)];
        Tensor[] Gradients(Device at)
        {
            Tensor[] at_ = [.. leaves.Select(leaf => leaf.to(at).detach().clone().requires_grad_())];
            nn.functional.linear(at_[0], at_[1].t(), at_[2]).tanh().log_softmax(1).narrow(1, 1, 3).square().sum().backward();
            return [.. at_.Select(leaf => leaf.grad!)];
        }

        foreach (var (expected, found) in Gradients(CPU).Zip(Gradients(device)))
        {
            Assert.True(expected.abs().max().item<float>() > 0.01);
            Close(expected, found, 1e-5);
        }
    }

    [Theory, MemberData(nameof(Devices))]
    public void Generator_SameSeed_DrawsTheSameAgain(string name)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        Tensor Draw(ulong seed)
        {
            using var generator = new Generator(seed, device);
            return randn([1000], device: device, generator: generator).cpu();
        }

        Assert.True(Draw(4).equal(Draw(4)));
        Assert.False(Draw(4).equal(Draw(5)));
        Assert.InRange(Draw(4).mean().item<float>(), -0.1f, 0.1f);
    }

    [Theory, MemberData(nameof(Devices))]
    public void Operator_WrongShapes_ThrowsAndTheDeviceGoesOn(string name)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        Assert.Contains("aten::mm", Assert.Throws<ExternalException>(() => zeros([2, 3], device: device).mm(zeros([4, 5], device: device))).Message, StringComparison.Ordinal);
        Assert.Equal(6, ones([2, 3], device: device).sum().item<float>());
    }

    [Theory, MemberData(nameof(Devices))]
    public void ScaledDotProductAttention_MaskedAndCausal_IsTheSoftmaxOfTheScores(string name)
    {
        var device = Available(name);
        Assert.SkipUnless(Libtorch.HasScaledDotProductAttention, $"libtorch {__version__} has no such operator");
        using var scope = NewDisposeScope();
        Tensor query = Random(2, 3, 9, 16), key = Random(2, 3, 9, 16), value = Random(2, 3, 9, 16);
        var seen = ones(9, 9, ScalarType.Bool).tril();
        var expected = query.matmul(key.transpose(-2, -1)).mul(0.3).masked_fill(seen.logical_not(), float.NegativeInfinity).softmax(-1).matmul(value);
        Tensor q = query.to(device), k = key.to(device), v = value.to(device);
        Close(expected, Libtorch.ScaledDotProductAttention(q, k, v, null, true, 0.3), 1e-5);
        Close(expected, Libtorch.ScaledDotProductAttention(q, k, v, seen.to(device), false, 0.3), 1e-5);
    }

    [Fact]
    public void Memory_OfTheGpu_CountsWhatIsAllocated()
    {
        Available("cuda");
        Assert.SkipUnless(CudaExtras.Built, "the bridge was built without CUDA's headers");
        const long Megabyte = 1 << 20;
        CudaExtras.ResetPeak(0);
        var before = CudaExtras.Memory(0);
        using (zeros([64 * Megabyte / 4], device: CUDA)) Assert.InRange(CudaExtras.Memory(0).Allocated - before.Allocated, 64 * Megabyte, 66 * Megabyte);
        var after = CudaExtras.Memory(0);
        Assert.True(after.PeakAllocated >= before.Allocated + 64 * Megabyte);
        Assert.InRange(after.Allocated, 0, before.Allocated + Megabyte);
        Assert.True(CudaExtras.Describe(0).TotalBytes > after.PeakAllocated);
    }

    // Exact products: PyTorch's own default, which nothing in this process changes.
    private static Device Available(string name)
    {
        Assert.SkipUnless(name == "cpu" || cuda.is_available(), "there is no GPU");
        Assert.False(backends.cuda.matmul.allow_tf32);
        return new Device(name);
    }

    private static Tensor Random(params long[] shape)
    {
        using var generator = new Generator((ulong)shape.Sum());
        return randn(shape, generator: generator);
    }

    private static void Close(Tensor expected, Tensor found, double share)
    {
        Assert.Equal(expected.shape, found.shape);
        Tensor wide = expected.to(ScalarType.Float64), off = found.detach().cpu().to(ScalarType.Float64).sub(wide.detach());
        Assert.InRange(off.abs().max().item<double>(), 0, share * Math.Max(1, wide.abs().max().item<double>()));
    }
}
