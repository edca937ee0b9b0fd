using Rlhf.Foundation.Torch;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Likelihood;

/// <summary>Chunked results and gradients against whole logits in float64.</summary>
[Collection(nameof(KernelRule))]
public sealed class LikelihoodTests
{
    private const int Rows = 13, Width = 6, Vocabulary = 17;

    public static TheoryData<double, int> Cases => new() { { 1, 100 }, { 1, 5 }, { 0.7, 100 }, { 1.8, 4 }, { 0.7, 1 } };

    [Theory, MemberData(nameof(Cases))]
    public void Selected_AnyChunk_IsTheLogSoftmaxWithItsGradient(double temperature, int chunk)
    {
        using var scope = NewDisposeScope();
        var (hidden, head, targets, weights) = Inputs();
        var found = TokenLogProbs.Selected(hidden, head, targets, temperature, chunk);
        Autograd.Backward(found.mul(weights).sum());

        var (exactHidden, exactHead) = Exact(hidden, head);
        var expected = LogSoftmax(exactHidden, exactHead, temperature).gather(1, targets.unsqueeze(1)).squeeze(1);
        Autograd.Backward(expected.mul(weights.@double()).sum());
        SameValuesAndGradients(expected, found, exactHidden, hidden, exactHead, head);
    }

    [Theory, MemberData(nameof(Cases))]
    public void WithEntropy_AnyChunk_HasBothWithTheirGradients(double temperature, int chunk)
    {
        using var scope = NewDisposeScope();
        var (hidden, head, targets, weights) = Inputs();
        var (found, entropies) = TokenLogProbs.WithEntropy(hidden, head, targets, temperature, chunk);
        Autograd.Backward(found.mul(weights).sum().add(entropies.mul(weights.flip(0)).sum()));

        var (exactHidden, exactHead) = Exact(hidden, head);
        var logProbs = LogSoftmax(exactHidden, exactHead, temperature);
        var expected = logProbs.gather(1, targets.unsqueeze(1)).squeeze(1);
        var expectedEntropies = logProbs.exp().mul(logProbs).sum(1).neg();
        Autograd.Backward(expected.mul(weights.@double()).sum().add(expectedEntropies.mul(weights.@double().flip(0)).sum()));
        Expect.Close(expectedEntropies, entropies, 2e-6);
        SameValuesAndGradients(expected, found, exactHidden, hidden, exactHead, head);
    }

    [Theory, MemberData(nameof(Cases))]
    public void WithEntropy_OnlyTheEntropyLearns_HasItsGradient(double temperature, int chunk)
    {
        using var scope = NewDisposeScope();
        var (hidden, head, targets, weights) = Inputs();
        var (_, found) = TokenLogProbs.WithEntropy(hidden, head, targets, temperature, chunk);
        Autograd.Backward(found.mul(weights).sum());

        var (exactHidden, exactHead) = Exact(hidden, head);
        var logProbs = LogSoftmax(exactHidden, exactHead, temperature);
        var expected = logProbs.exp().mul(logProbs).sum(1).neg();
        Autograd.Backward(expected.mul(weights.@double()).sum());
        SameValuesAndGradients(expected, found, exactHidden, hidden, exactHead, head);
    }

    [Theory, MemberData(nameof(Cases))]
    public void ExactKl_WithoutKernels_IsThatToo(double temperature, int chunk)
    {
        using (KernelRule.Suspend()) ExactKl_AnyChunk_IsTheSumOverTheVocabularyWithItsGradient(temperature, chunk);
    }

    [Theory, MemberData(nameof(Cases))]
    public void ExactKl_AnyChunk_IsTheSumOverTheVocabularyWithItsGradient(double temperature, int chunk)
    {
        using var scope = NewDisposeScope();
        var (hidden, head, _, weights) = Inputs();
        Tensor reference = randn([Rows, 4]), referenceHead = randn([Vocabulary, 4]);
        var found = ExactKl.Of(hidden, head, reference, referenceHead, temperature, chunk);
        Autograd.Backward(found.mul(weights).sum());

        var (exactHidden, exactHead) = Exact(hidden, head);
        var logProbs = LogSoftmax(exactHidden, exactHead, temperature);
        var expected = logProbs.exp().mul(logProbs.sub(LogSoftmax(reference.@double(), referenceHead.@double(), temperature))).sum(1);
        Autograd.Backward(expected.mul(weights.@double()).sum());
        Assert.All(Expect.Numbers(found), kl => Assert.True(kl > 0));
        SameValuesAndGradients(expected, found, exactHidden, hidden, exactHead, head);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(5)]
    public void WeightedNll_AnyChunk_IsTheWeightedSumWithItsGradient(int chunk)
    {
        using var scope = NewDisposeScope();
        var (hidden, head, targets, weights) = Inputs();
        var found = TokenLoss.WeightedNll(hidden, head, targets, weights, chunk);
        Autograd.Backward(found.mul(0.25));

        var (exactHidden, exactHead) = Exact(hidden, head);
        var expected = LogSoftmax(exactHidden, exactHead, 1).gather(1, targets.unsqueeze(1)).squeeze(1).mul(weights.@double()).sum().neg();
        Autograd.Backward(expected.mul(0.25));
        SameValuesAndGradients(expected, found, exactHidden, hidden, exactHead, head);
    }

    [Fact]
    public void Selected_BackwardTwice_AddsTheSameGradientAgain()
    {
        using var scope = NewDisposeScope();
        var (hidden, head, targets, _) = Inputs();
        var loss = TokenLogProbs.Selected(hidden, head, targets, 1).sum();
        loss.backward(null, true);
        var once = hidden.grad!.clone();
        Autograd.Backward(loss);
        Expect.Close(once.mul(2), hidden.grad!, 1e-6);
    }

    [Fact]
    public void Selected_FrozenHead_LearnsHiddenStatesOnly()
    {
        using var scope = NewDisposeScope();
        var (hidden, head, targets, _) = Inputs();
        head.requires_grad_(false);
        Autograd.Backward(TokenLogProbs.Selected(hidden, head, targets, 1).sum());
        Assert.Null(head.grad);
        Assert.True(hidden.grad!.abs().sum().item<float>() > 0);
    }

    [Theory]
    [InlineData(1, 1.0)]
    [InlineData(3, 1.0)]
    [InlineData(16, 0.5)]
    [InlineData(517, 1.3)]
    public void Divergence_AnyWidth_IsThatOfFloat64(int width, double scale)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(7);
        Tensor logits = randn([5, width], generator: generator) * 2, others = randn([5, width], generator: generator) * 2;
        var (p, q) = ((logits.to(ScalarType.Float64) * scale).log_softmax(1), (others.to(ScalarType.Float64) * scale).log_softmax(1));
        Exact(Softmax.Divergence(Softmax.LogSoftmax(logits, scale), Softmax.LogSoftmax(others, scale)));

        void Exact((Tensor Entropies, Tensor Divergences) found)
        {
            Assert.InRange((found.Entropies + (p.exp() * p).sum(1)).abs().max().item<double>(), 0, 1e-5);
            Assert.InRange((found.Divergences - (p.exp() * (p - q)).sum(1)).abs().max().item<double>(), 0, 1e-5);
        }
    }

    [Fact]
    public void PolicyComparison_TwoModels_HoldsWhatTheSingleFunctionsGive()
    {
        using var scope = NewDisposeScope();
        var (hidden, head, targets, _) = Inputs();
        Tensor reference = randn([Rows, 4]), referenceHead = randn([Vocabulary, 4]);
        using var both = PolicyComparison.Of(hidden, head, reference, referenceHead, targets, 0.7);
        var (logProbs, entropies) = TokenLogProbs.WithEntropy(hidden, head, targets, 0.7);
        Expect.Close(logProbs, both.LogProbs, 2e-6);
        Expect.Close(entropies, both.Entropies, 2e-6);
        Expect.Close(TokenLogProbs.Selected(reference, referenceHead, targets, 0.7), both.ReferenceLogProbs, 2e-6);
        Expect.Close(ExactKl.Of(hidden, head, reference, referenceHead, 0.7), both.Kl, 2e-6);
        Assert.False(both.LogProbs.requires_grad);
    }

    [Fact]
    public void Selected_BFloat16_IsNearFloat32()
    {
        using var scope = NewDisposeScope();
        var (hidden, head, targets, _) = Inputs();
        var (narrowHidden, narrowHead) = (hidden.detach().bfloat16().requires_grad_(), head.detach().bfloat16().requires_grad_());
        var narrow = TokenLogProbs.Selected(narrowHidden, narrowHead, targets, 1);
        Assert.Equal(ScalarType.Float32, narrow.dtype);
        Expect.Close(TokenLogProbs.Selected(hidden, head, targets, 1), narrow, 0.01);
        Autograd.Backward(narrow.sum());
        Assert.Equal(ScalarType.BFloat16, narrowHead.grad!.dtype);
        Autograd.Backward(TokenLogProbs.Selected(hidden, head, targets, 1).sum());
        Expect.Close(head.grad!, narrowHead.grad!, 0.02);
    }

    private static (Tensor Hidden, Tensor Head, Tensor Targets, Tensor Weights) Inputs()
    {
        manual_seed(5);
        var targets = randint(0, Vocabulary, [Rows], ScalarType.Int64);
        return (randn([Rows, Width]).requires_grad_(), randn([Vocabulary, Width]).requires_grad_(), targets, randn([Rows]));
    }

    private static (Tensor Hidden, Tensor Head) Exact(Tensor hidden, Tensor head) =>
        (hidden.detach().@double().requires_grad_(), head.detach().@double().requires_grad_());

    private static Tensor LogSoftmax(Tensor hidden, Tensor head, double temperature) => hidden.matmul(head.t()).div(temperature).log_softmax(1);

    private static void SameValuesAndGradients(Tensor expected, Tensor found, Tensor exactHidden, Tensor hidden, Tensor exactHead, Tensor head)
    {
        Expect.Close(expected, found, 2e-6);
        Expect.Close(exactHidden.grad!, hidden.grad!, 4e-6);
        Expect.Close(exactHead.grad!, head.grad!, 4e-6);
    }
}
