using Rlhf.Foundation.Torch;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Operators;

/// <summary>Attention by libtorch's one operator is softmax(q·kᵀ/√Dh)·v, written out here step by step.</summary>
[Trait("Device", "gpu")]
public sealed class SelfAttentionTests
{
    public static MatrixTheoryData<string, Layout> Layouts => new(["cpu", "cuda"],
    [
        new(2, 32, 3, 3, 64, 0, null),
        new(3, 17, 4, 2, 16, 8, null),
        new(2, 70, 2, 1, 16, 3, 5),
        new(1, 100, 6, 6, 48, 24, 7),
        new(2, 8, 2, 2, 8, 0, 9),
        new(2, 1, 2, 2, 8, 0, null),
    ]);

    [Theory, MemberData(nameof(Layouts))]
    public void Whole_AnyLayout_IsThatOfTheFormulaAndSoIsTheGradient(string name, Layout layout)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        var found = layout.Random().to(device).requires_grad_();
        var expected = found.detach().cpu().requires_grad_();
        Tensor mixed = SelfAttention.Whole(found, layout.Shape(device)), formula = layout.Formula(expected);
        Close(formula, mixed);
        var weights = randn(formula.shape);
        Autograd.Backward(mixed.mul(weights.to(device)).sum());
        Autograd.Backward(formula.mul(weights).sum());
        Close(expected.grad!, found.grad!);
    }

    [Theory, MemberData(nameof(Layouts))]
    public void Cached_PromptThenTokensOfRowsThatLag_IsThatOfAllAtOnce(string name, Layout layout)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (batch, length) = (layout.Batch, layout.Length);
        var rows = layout.Random();
        var expected = layout.Formula(rows).view(batch, length, -1).to(device);
        rows = rows.view(batch, length, -1).to(device);
        var cache = zeros([batch, 2 * layout.Shared, length + 2, layout.Width], device: device);
        var prompt = Math.Max(1, length / 2);
        var found = SelfAttention.Cached(rows.narrow(1, 0, prompt).reshape(batch * prompt, -1), cache, layout.Shape(device, prompt));
        Close(expected.narrow(1, 0, prompt), found.view(batch, prompt, -1));
        var lag = Math.Min(length / 3, prompt); // the first row's prompt is shorter than the others', and its tokens come later
        for (var at = prompt; at < length; at++)
        {
            var columns = full([batch, 1], Number.Of((long)at), ScalarType.Int64, device);
            columns.narrow(0, 0, 1).sub_(lag);
            Tensor At(Tensor all) => all.gather(1, columns.unsqueeze(2).expand(batch, 1, all.shape[2])).view(batch, -1);
            Close(At(expected), SelfAttention.Cached(At(rows), cache, layout.Shape(device, 1, columns)));
        }
    }

    [Theory]
    [InlineData("cpu", 33)]
    [InlineData("cpu", 300)]   // too long for the scores of all heads at once
    [InlineData("cuda", 33)]
    public void Whole_Bfloat16_IsWithinItsRounding(string name, int length)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        var layout = new Layout(2, length, 4, 2, 16, 8, null);
        Assert.Equal(name == "cpu" && length < 256, PlainAttention.Serves(zeros(0, ScalarType.BFloat16, device), length, null));
        var rows = layout.Random().to(ScalarType.BFloat16, device).requires_grad_();
        var exact = rows.detach().cpu().to(ScalarType.Float32).requires_grad_();
        Tensor found = SelfAttention.Whole(rows, layout.Shape(device)), expected = layout.Formula(exact), weights = randn(expected.shape).to(ScalarType.BFloat16);
        Autograd.Backward(found.mul(weights.to(device)).sum());
        Autograd.Backward(expected.mul(weights.to(ScalarType.Float32)).sum());
        Expect.Close(expected, found, 0.03);
        Expect.Close(exact.grad!, rows.grad!, 0.03);
    }

    private static Device Available(string name)
    {
        Assert.SkipUnless(name == "cpu" || cuda.is_available(), "there is no GPU");
        return new Device(name);
    }

    private static void Close(Tensor expected, Tensor found) => Expect.Close(expected, found, 2e-5 * Math.Max(1, expected.abs().max().item<float>()));

    public sealed record Layout(int Batch, int Length, int Heads, int Shared, int Width, int Half, int? Window)
    {
        internal AttentionShape Shape(Device device, int? queries = null, Tensor? columns = null)
        {
            var (cosines, sines) = Angles();
            return new AttentionShape
            {
                Batch = Batch, Length = queries ?? Length, Columns = columns, Mask = SelfAttention.Mask(columns, columns is null ? queries ?? Length : Length, Window, zeros(0, device: device)), Heads = Heads, SharedHeads = Shared, HeadWidth = Width, Cosines = cosines?.to(device), Sines = sines?.to(device),
            };
        }

        public Tensor Random()
        {
            using var generator = new Generator((ulong)(17 + Length * Heads));
            return randn([(long)Batch * Length, (Heads + 2 * Shared) * Width], generator: generator);
        }

        /// <summary>One pair of a query and a key after the other, as the definition says.</summary>
        public Tensor Formula(Tensor rows)
        {
            var (cosines, sines) = Angles();
            var all = rows.view(Batch, Length, Heads + 2 * Shared, Width);
            Tensor Head(int head)
            {
                var x = all.select(2, head); // [B, S, Dh]
                if (cosines is null || head >= Heads + Shared) return x;
                Tensor a = x.narrow(2, 0, Half), b = x.narrow(2, Half, Half);
                return cat([a.mul(cosines).sub(b.mul(sines!)), b.mul(cosines).Plus(a.mul(sines!)), x.narrow(2, 2 * Half, Width - 2 * Half)], 2);
            }

            var hidden = tensor(Enumerable.Range(0, Length * Length).Select(at => at % Length > at / Length || (Window is { } window && at / Length - at % Length >= window)).ToArray(), [Length, Length]);
            return cat([.. Enumerable.Range(0, Heads).Select(head =>
            {
                var shared = head / (Heads / Shared);
                var scores = Head(head).bmm(Head(Heads + shared).transpose(1, 2)).div(Number.Of(Math.Sqrt(Width)));
                return scores.masked_fill(hidden, Number.Of(float.NegativeInfinity)).softmax(-1).bmm(Head(Heads + Shared + shared));
            })], 2).view((long)Batch * Length, Heads * Width);
        }

        private (Tensor? Cosines, Tensor? Sines) Angles()
        {
            if (Half == 0) return (null, null);
            var angles = outer(arange(Number.Of(0), Number.Of(Length), Number.Of(1), ScalarType.Float32), pow(tensor(100f), arange(Number.Of(0), Number.Of(Half), Number.Of(1), ScalarType.Float32).div(Number.Of(-Half))));
            return (angles.cos(), angles.sin());
        }
    }
}
