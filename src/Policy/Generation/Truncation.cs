using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Policies.Generation;

/// <summary>What changes a distribution before a token is drawn: logits [R, V] in, logits out, −∞ for what cannot be drawn.</summary>
internal static class Truncation
{
    /// <summary>Keeps the k largest logits of each row, and those equal to the smallest of them (Fan et al. 2018).</summary>
    public static Tensor TopK(Tensor logits, int k)
    {
        using var scope = NewDisposeScope();
        var (values, _) = logits.topk((int)Math.Min(k, logits.shape[1]), -1, true, true);
        return logits.masked_fill(logits.lt(values.narrow(1, values.shape[1] - 1, 1)), Number.Of(float.NegativeInfinity)).MoveToOuterDisposeScope();
    }

    /// <summary>Keeps the fewest largest logits whose probabilities sum to p at least (Holtzman et al. 2020), and equals of the smallest.</summary>
    public static Tensor TopP(Tensor logits, double p)
    {
        using var scope = NewDisposeScope();
        var (sorted, _) = logits.sort(-1, true, true);
        var probabilities = sorted.softmax(-1);
        var before = probabilities.cumsum(-1, ScalarType.Float64).sub(probabilities);
        // The first is always kept: nothing stands before it.
        var smallest = sorted.masked_fill(before.ge(Number.Of(p)), Number.Of(float.PositiveInfinity)).amin([-1], true);
        return logits.masked_fill(logits.lt(smallest), Number.Of(float.NegativeInfinity)).MoveToOuterDisposeScope();
    }

    /// <summary>Positive logits of seen tokens are divided by the penalty, negative ones multiplied (Keskar et al. 2019).</summary>
    /// <param name="seen">[R, V] bool.</param>
    public static Tensor PenalizeRepetition(Tensor logits, Tensor seen, double penalty)
    {
        using var scope = NewDisposeScope();
        var penalized = where(logits.lt(Number.Of(0)), logits.mul(Number.Of(penalty)), logits.div(Number.Of(penalty)));
        return where(seen, penalized, logits).MoveToOuterDisposeScope();
    }
}
