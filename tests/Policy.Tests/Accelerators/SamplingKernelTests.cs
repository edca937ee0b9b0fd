using Rlhf.Policies.Accelerators;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Accelerators;

public sealed class SamplingKernelTests
{
    [Theory]
    [InlineData(5, 1)]
    [InlineData(16, 0.5)]
    [InlineData(257, 2)]
    [InlineData(4096, 1)]
    [InlineData(1001, 0.1)]
    public void Sample_ManyRows_MatchesTheComposition(int vocabulary, double scale)
    {
        using var scope = NewDisposeScope();
        manual_seed(vocabulary);
        Tensor logits = randn([300, vocabulary]).mul(3), uniforms = rand([300]);
        var (tokens, logProbs) = Accelerator.Sample(logits, uniforms, scale);
        var (expected, expectedLogProbs) = ComposedLikelihood.Sample(logits, uniforms, scale);
        Assert.Equal(expected.data<long>().ToArray(), tokens.data<long>().ToArray());
        Expect.Close(expectedLogProbs, logProbs, 1e-6);
        Expect.Close(logits.mul(scale).log_softmax(1).gather(1, tokens.unsqueeze(1)).squeeze(1), logProbs, 1e-6);
    }

    [Fact]
    public void Sample_NumbersAtBothEnds_NeverTakesWhatHasNoProbability()
    {
        using var scope = NewDisposeScope();
        var logits = full([2, 600], float.NegativeInfinity);
        logits.narrow(1, 7, 3).fill_(0);
        logits.narrow(1, 300, 1).fill_(0);
        var uniforms = tensor(new[] { 0, MathF.BitDecrement(1) });
        foreach (var sample in (Func<Tensor, Tensor, double, (Tensor Tokens, Tensor)>[])[Accelerator.Sample, ComposedLikelihood.Sample])
            Assert.Equal([7, 300], sample(logits, uniforms, 1).Tokens.data<long>().ToArray());
    }

    [Theory]
    [InlineData(float.NaN, 1)]
    [InlineData(float.NaN, 600)]
    [InlineData(float.PositiveInfinity, 1)]
    [InlineData(float.NegativeInfinity, 600)]
    public void Sample_LogitsThatAreNoNumbers_HasATokenWhoseLogProbSaysSo(float wrong, int count)
    {
        using var scope = NewDisposeScope();
        var logits = zeros([3, 600]);
        logits[1].narrow(0, 0, count).fill_(wrong);
        foreach (var sample in (Func<Tensor, Tensor, double, (Tensor, Tensor)>[])[Accelerator.Sample, ComposedLikelihood.Sample])
        {
            var (tokens, logProbs) = sample(logits, tensor(new[] { 0.5f, 0.5f, 0.5f }), 1);
            Assert.Equal([300, 300], tokens.data<long>().Where((_, row) => row != 1));
            Assert.InRange(tokens[1].item<long>(), 0, 599);
            Assert.Equal([-MathF.Log(600), float.NaN, -MathF.Log(600)], logProbs.data<float>(), (expected, found) => expected.Equals(found) || Math.Abs(expected - found) < 1e-5);
        }
    }

    [Fact]
    public void Sample_QuartersOfTheUnitInterval_FallOnFourEqualTokens()
    {
        using var scope = NewDisposeScope();
        var uniforms = tensor(new[] { 0.1f, 0.3f, 0.6f, 0.9f, 0.24999f, 0.25f });
        var (tokens, _) = Accelerator.Sample(zeros([6, 4]), uniforms, 1);
        Assert.Equal([0, 1, 2, 3, 0, 1], tokens.data<long>().ToArray());
    }
}
