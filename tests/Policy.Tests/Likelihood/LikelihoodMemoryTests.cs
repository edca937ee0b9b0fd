using Rlhf.Foundation.Torch;
using Rlhf.Policies.Likelihood;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Likelihood;

/// <summary>By the resident memory of the process, in which tests run one after the other.</summary>
public sealed class LikelihoodMemoryTests
{
    private const long Rows = 3072, Width = 8, Vocabulary = 30_000;

    /// <summary>Bytes of logits [N, V] in float32.</summary>
    private const long Whole = 4 * Rows * Vocabulary;

    [Fact]
    public void Selected_LargeVocabulary_NeverHoldsTheWholeOfItsLogits()
    {
        var naive = Growth((hidden, head, targets) => nn.functional.linear(hidden, head, null!).log_softmax(1).gather(1, targets.unsqueeze(1)));
        Assert.True(naive > 1.9 * Whole, $"the measure itself: whole logits and their log-softmax take {naive} bytes");
        Assert.InRange(Growth((hidden, head, targets) => TokenLogProbs.Selected(hidden, head, targets, 1)), 0, Whole / 2);
        Assert.InRange(Growth((hidden, head, targets) => TokenLoss.WeightedNll(hidden, head, targets, ones([Rows]))), 0, Whole / 2);
        Assert.InRange(Growth((hidden, head, targets) => TokenLogProbs.WithEntropy(hidden, head, targets, 1) is var (logProbs, entropies) ? logProbs.add(entropies) : null!), 0, Whole);
    }

    [Fact]
    public void Selected_StepAfterStep_KeepsOneLayoutOfTheHead()
    {
        const long Inner = 256, Head = 4 * Vocabulary * Inner;
        using var scope = NewDisposeScope();
        var (hidden, head) = (randn([64, Inner], requires_grad: true), randn([Vocabulary, Inner], requires_grad: true));
        var targets = randint(0, Vocabulary, [64], ScalarType.Int64);
        for (var i = 0; i < 2; i++) Step();
        var before = HeldMemory.Read();
        for (var i = 0; i < 20; i++) Step();

        // Nothing waits for the garbage collector, such as two layouts made anew for each way back: 40 times the head.
        Assert.InRange(HeldMemory.Read() - before, long.MinValue, 8 * Head);

        void Step()
        {
            using var inner = NewDisposeScope();
            Autograd.Backward(TokenLogProbs.Selected(hidden, head, targets, 1, chunk: 16).sum());
        }
    }

    // The most that forward and backward take beyond what was there before.
    private static long Growth(Func<Tensor, Tensor, Tensor, Tensor> function)
    {
        using var scope = NewDisposeScope();
        var (hidden, head) = (randn([Rows, Width], requires_grad: true), randn([Vocabulary, Width], requires_grad: true));
        var targets = randint(0, Vocabulary, [Rows], ScalarType.Int64);
        return HeldMemory.Peak(() => Autograd.Backward(function(hidden, head, targets).sum()));
    }
}
