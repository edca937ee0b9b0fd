using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Kernels;

public sealed class ActivationsTests
{
    [Theory, MemberData(nameof(Lanes.All), MemberType = typeof(Lanes))]
    public void GeluTanh_IsThatOfPyTorch(int lanes) => Lanes.Do(lanes, new Curve<GeluTanh>(x => 0.5 * x * (1 + (Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)).tanh())));

    [Theory, MemberData(nameof(Lanes.All), MemberType = typeof(Lanes))]
    public void Gelu_IsThatOfPyTorch(int lanes) => Lanes.Do(lanes, new Curve<Gelu>(nn.functional.gelu));

    [Theory, MemberData(nameof(Lanes.All), MemberType = typeof(Lanes))]
    public void Silu_IsThatOfPyTorch(int lanes) => Lanes.Do(lanes, new Curve<Silu>(x => nn.functional.silu(x)));

    [Theory, MemberData(nameof(Lanes.All), MemberType = typeof(Lanes))]
    public void Relu_IsThatOfPyTorch(int lanes) => Lanes.Do(lanes, new Curve<Relu>(x => nn.functional.relu(x)));

    [Theory, MemberData(nameof(Lanes.All), MemberType = typeof(Lanes))]
    public void Exponential_OverItsRange_IsWithinTwoUnitsInTheLastPlace(int lanes) => Lanes.Do(lanes, new Range());

    private sealed class Curve<TActivation>(Func<Tensor, Tensor> formula) : ILaneWork
        where TActivation : struct, IActivation
    {
        public unsafe void Do<L>()
            where L : struct, ILanes<L>
        {
            using var scope = NewDisposeScope();
            var x = linspace(-12, 12, 4096, ScalarType.Float32).add(0.0031f).to(ScalarType.Float64).requires_grad_();
            var y = formula(x);
            y.sum().backward();
            Tensor given = x.detach().to(ScalarType.Float32), value = empty_like(given), other = empty_like(given), slope = empty_like(given);
            for (var at = 0; at < 4096; at += L.Count)
            {
                L.Store(value.Floats() + at, TActivation.Value(L.Load(given.Floats() + at)));
                var both = TActivation.Both(L.Load(given.Floats() + at));
                L.Store(other.Floats() + at, both.Value);
                L.Store(slope.Floats() + at, both.Slope);
            }

            Assert.True((value - y.detach()).abs().max().ToDouble() < 2e-6);
            Assert.True((other - y.detach()).abs().max().ToDouble() < 2e-6);
            Assert.True((slope - x.grad!).abs().max().ToDouble() < 2e-6);
        }
    }

    private sealed class Range : ILaneWork
    {
        public unsafe void Do<L>()
            where L : struct, ILanes<L>
        {
            float* x = stackalloc float[16], y = stackalloc float[16];
            for (var from = -87f; from < 88; from += 0.37f)
            {
                for (var i = 0; i < 16; i++) x[i] = from + i * 0.0213f;
                for (var at = 0; at < 16; at += L.Count) L.Store(y + at, Exponential.Of(L.Load(x + at)));
                for (var i = 0; i < 16; i++)
                {
                    var expected = Math.Exp(x[i]);
                    Assert.True(Math.Abs(y[i] - expected) <= 2 * (MathF.BitIncrement((float)expected) - (float)expected), $"e^{x[i]}: {y[i]}, expected {expected}");
                }
            }

            float[] edges = [float.NegativeInfinity, -1e30f, -88, float.NaN];
            for (var i = 0; i < 16; i++) x[i] = edges[i % 4];
            for (var at = 0; at < 16; at += L.Count) L.Store(y + at, Exponential.Of(L.Load(x + at)));
            Assert.Equal([0, 0, 0, float.NaN], new Span<float>(y, 4).ToArray());
        }
    }
}
