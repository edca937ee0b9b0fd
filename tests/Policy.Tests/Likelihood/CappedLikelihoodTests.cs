using Rlhf.Foundation.Torch;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Likelihood;

/// <summary>With a cap on logits, likelihoods and their gradients are those of the formulas written out, however many rows a chunk has.</summary>
public sealed class CappedLikelihoodTests
{
    private const double Cap = 3, Temperature = 0.8;

    private readonly Tensor _targets = tensor((long[])[1, 0, 4, 4, 2]);

    [Theory]
    [InlineData(2)]
    [InlineData(100)]
    public void WithEntropy_Capped_IsTheFormula(long chunk)
    {
        using var scope = NewDisposeScope();
        var (hidden, head, _, _) = Inputs();
        var (logProbs, entropies) = TokenLogProbs.WithEntropy(hidden, new OutputHead(head, Cap), _targets, Temperature, chunk);
        Autograd.Backward((logProbs * Weights() - entropies * 0.3).sum());

        var (plain, plainHead, _, _) = Inputs();
        var all = LogSoftmax(plain, plainHead);
        var expected = all.gather(1, _targets.unsqueeze(1)).squeeze(1);
        var expectedEntropies = (all.exp() * all).sum(1).neg();
        Autograd.Backward((expected * Weights() - expectedEntropies * 0.3).sum());
        Expect.Close(expected, logProbs, 1e-5);
        Expect.Close(expectedEntropies, entropies, 1e-5);
        Expect.Close(plain.grad!, hidden.grad!, 1e-5);
        Expect.Close(plainHead.grad!, head.grad!, 1e-5);
    }

    [Fact]
    public void ExactKl_OneSideCapped_IsTheFormula()
    {
        using var scope = NewDisposeScope();
        var (hidden, head, reference, referenceHead) = Inputs();
        var kl = ExactKl.Of(hidden, new OutputHead(head, Cap), reference, referenceHead, Temperature, 2);
        Autograd.Backward((kl * Weights()).sum());
        using var comparison = PolicyComparison.Of(hidden, new OutputHead(head, Cap), reference, referenceHead, _targets, Temperature);

        var (plain, plainHead, _, _) = Inputs();
        var (logP, logQ) = (LogSoftmax(plain, plainHead), reference.mm(referenceHead.t()).div(Temperature).log_softmax(1));
        var expected = (logP.exp() * (logP - logQ)).sum(1);
        Autograd.Backward((expected * Weights()).sum());
        Expect.Close(expected, kl, 1e-5);
        Expect.Close(expected, comparison.Kl, 1e-5);
        Expect.Close(logP.gather(1, _targets.unsqueeze(1)).squeeze(1), comparison.LogProbs, 1e-5);
        Expect.Close(plain.grad!, hidden.grad!, 1e-5);
        Expect.Close(plainHead.grad!, head.grad!, 1e-5);
    }

    private static Tensor LogSoftmax(Tensor hidden, Tensor head) => (hidden.mm(head.t()).div(Cap).tanh() * Cap).div(Temperature).log_softmax(1);

    private static Tensor Weights() => tensor((float[])[1, -2, 0.5f, 3, 1]);

    private static (Tensor Hidden, Tensor Head, Tensor Reference, Tensor ReferenceHead) Inputs()
    {
        using var generator = new Generator(4);
        return (randn([5, 6], generator: generator).requires_grad_(), (randn([7, 6], generator: generator) * 2).requires_grad_(), randn([5, 4], generator: generator), randn([7, 4], generator: generator));
    }
}
