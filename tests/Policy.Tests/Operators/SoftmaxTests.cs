using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Operators;

[Trait("Device", "gpu")]
public sealed class SoftmaxTests
{
    public static MatrixTheoryData<string, int, double> Sizes => new(["cpu", "cuda"], [5, 257, 4096], [1, 0.1]);

    [Theory, MemberData(nameof(Sizes))]
    public void Sample_ManyRows_TakesWhereTheSumOfProbabilitiesPassesAndSaysItsLogProb(string name, int vocabulary, double scale)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        using var generator = new Generator(7);
        Tensor logits = randn([300, vocabulary], generator: generator).mul(3), uniforms = rand([300], generator: generator);
        var found = Softmax.Sample(logits.to(device), uniforms.to(device), scale);
        var exact = logits.to(ScalarType.Float64).mul(scale).log_softmax(1);
        var passed = exact.exp().cumsum(1).gt(uniforms.to(ScalarType.Float64).unsqueeze(1)).to(ScalarType.Int64).argmax(1);
        Assert.Equal(passed.data<long>().ToArray(), found.Tokens.cpu().data<long>().ToArray());
        Expect.Close(exact.gather(1, passed.unsqueeze(1)).squeeze(1), found.LogProbs, 1e-5);
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda")]
    public void Sample_NumbersAtBothEnds_NeverTakesWhatHasNoProbability(string name)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        var logits = full([2, 600], float.NegativeInfinity);
        logits.narrow(1, 7, 3).fill_(0);
        logits.narrow(1, 300, 1).fill_(0);
        var uniforms = tensor(new[] { 0, MathF.BitDecrement(1) });
        Assert.Equal([7, 300], Softmax.Sample(logits.to(device), uniforms.to(device), 1).Tokens.cpu().data<long>().ToArray());
    }

    [Theory]
    [InlineData("cpu", float.NaN, 1)]
    [InlineData("cpu", float.NaN, 600)]
    [InlineData("cpu", float.PositiveInfinity, 1)]
    [InlineData("cpu", float.NegativeInfinity, 600)]
    [InlineData("cuda", float.NaN, 1)]
    [InlineData("cuda", float.NegativeInfinity, 600)]
    public void Sample_LogitsThatAreNoNumbers_HasATokenWhoseLogProbSaysSo(string name, float wrong, int count)
    {
        var device = Available(name);
        using var scope = NewDisposeScope();
        var logits = zeros([3, 600]);
        logits[1].narrow(0, 0, count).fill_(wrong);
        var (tokens, logProbs) = Softmax.Sample(logits.to(device), tensor(new[] { 0.5f, 0.5f, 0.5f }, device: device), 1);
        Assert.Equal([300, 300], tokens.cpu().data<long>().Where((_, row) => row != 1));
        Assert.InRange(tokens[1].item<long>(), 0, 599);
        Assert.Equal([-MathF.Log(600), float.NaN, -MathF.Log(600)], logProbs.cpu().data<float>(), (expected, found) => expected.Equals(found) || Math.Abs(expected - found) < 1e-5);
    }

    [Fact]
    public void Sample_QuartersOfTheUnitInterval_FallOnFourEqualTokens()
    {
        using var scope = NewDisposeScope();
        var uniforms = tensor(new[] { 0.1f, 0.3f, 0.6f, 0.9f, 0.24999f, 0.25f });
        Assert.Equal([0, 1, 2, 3, 0, 1], Softmax.Sample(zeros([6, 4]), uniforms, 1).Tokens.data<long>().ToArray());
    }

    private static Device Available(string name)
    {
        Assert.SkipUnless(name == "cpu" || cuda.is_available(), "there is no GPU");
        return new Device(name);
    }
}
