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
    public void Operators_OfEveryKind_GiveTheNumbersOfTheirDefinitions(string name)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        // sin i and cos 1.3·i, and 5·row + 7·column below 12
        Tensor a = arange(231, ScalarType.Float64).sin().to(ScalarType.Float32).view(7, 33), b = arange(396, ScalarType.Float64).mul(1.3).cos().to(ScalarType.Float32).view(33, 12);
        var index = arange(7, ScalarType.Int64).mul(5).unsqueeze(1).add(arange(3, ScalarType.Int64).mul(7)).remainder(12);
        // Σ xᵢ·cos i over each result, computed in plain Python from what the operators are defined as.
        double[] sums =
        [
            -0.34449, -0.02327, 0.12438, -4.23569, 1.95093, 0.41998, -0.05141,
            -2.68134, 16.40042, 0.66789, 6.64192, -1.43402, 1.52521,
            0.18929, 0.88289, -0.99380, -7.64075,
            -0.31575, 0.35405,
            -0.59543, 3.95612,
        ];
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

        var results = Compute(device);
        Assert.Equal(sums, results.Select(x => x.cpu().@double().reshape(-1)).Select(x => x.mul(arange(x.numel(), ScalarType.Float64).cos()).sum().item<double>()), (expected, found) => Math.Abs(expected - found) < 5e-5);
        foreach (var (expected, found) in Compute(CPU).Zip(results)) Close(expected, found, 1e-5);
    }

    [Theory, MemberData(nameof(Devices))]
    public void Backward_ThroughAChain_GivesTheSlopesOfTheChain(string name)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        Tensor[] leaves = [Random(6, 8), Random(8, 5), Random(5)];
        Tensor Chain(Tensor[] x) => nn.functional.linear(x[0], x[1].t(), x[2]).tanh().log_softmax(1).narrow(1, 1, 3).square().sum();
        Tensor[] there = [.. leaves.Select(leaf => leaf.to(device).detach().clone().requires_grad_())];
        Chain(there).backward();

        const double Step = 1e-4;
        Tensor[] wide = [.. leaves.Select(leaf => leaf.@double().clone())];
        foreach (var (leaf, found) in wide.Zip(there))
        {
            // (f(x + h) − f(x − h)) / 2h for each number, in float64
            double At(long i, double move)
            {
                leaf.view(-1)[i].add_(move);
                var value = Chain(wide).item<double>();
                leaf.view(-1)[i].sub_(move);
                return value;
            }

            var slopes = Enumerable.Range(0, (int)leaf.numel()).Select(i => (At(i, Step) - At(i, -Step)) / (2 * Step)).ToArray();
            Assert.Contains(slopes, slope => Math.Abs(slope) > 0.01);
            Close(tensor(slopes, leaf.shape), found.grad!, 1e-5);
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
