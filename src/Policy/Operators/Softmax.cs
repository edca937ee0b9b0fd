using Rlhf.Foundation.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Operators;

/// <summary>Softmax over logits [N, V] times a factor, in float32 whatever type the logits have, by libtorch's operators.</summary>
internal static class Softmax
{
    /// <summary>Numbers that are summed before it is asked which of them the sum passes a uniform number at.</summary>
    private const long Part = 256;

    /// <summary>ln p [N, V] float32.</summary>
    public static Tensor LogSoftmax(Tensor logits, double scale)
    {
        using var scope = NewDisposeScope();
        // A GPU reads the narrow ones and writes the wide: no copy in between.
        var found = IsWidened(logits) && scale == 1 ? Widening("aten::_log_softmax", logits) : Scaled(logits, scale).log_softmax(1);
        return found.MoveToOuterDisposeScope();
    }

    /// <summary>ln p(target) [N] float32.</summary>
    public static Tensor LogProb(Tensor logits, Tensor targets, double scale)
    {
        using var scope = NewDisposeScope();
        return Chosen(LogSoftmax(logits, scale), targets).MoveToOuterDisposeScope();
    }

    /// <summary>Of ln p [N, V], those of the targets [N].</summary>
    public static Tensor Chosen(Tensor logSoftmax, Tensor targets) => logSoftmax.gather(1, targets.unsqueeze(1)).squeeze(1);

    /// <summary>p − onehot(target) [N, V] in the logits' type: minus the gradient of ln p(target) with respect to logits·scale.</summary>
    /// <param name="logProbs">ln p(target) [N]: where p is close to 1, a narrow type would lose what is missing</param>
    public static Tensor OffTarget(Tensor logits, Tensor targets, Tensor logProbs, double scale)
    {
        using var scope = NewDisposeScope();
        var softmax = IsWidened(logits) && scale == 1 ? logits.softmax(1) : Scaled(logits, scale).softmax(1).to(logits.dtype);
        return softmax.scatter_(1, targets.unsqueeze(1), logProbs.expm1().to(logits.dtype).unsqueeze(1)).MoveToOuterDisposeScope();
    }

    /// <summary>−Σ p·ln p [N].</summary>
    public static Tensor Entropy(Tensor logSoftmax)
    {
        using var scope = NewDisposeScope();
        return logSoftmax.exp().mul_(logSoftmax).sum(1).neg_().MoveToOuterDisposeScope();
    }

    /// <summary>−Σ p·ln p and Σ p·(ln p − ln q), both [N]; the second argument is overwritten.</summary>
    public static (Tensor Entropies, Tensor Divergences) Divergence(Tensor logP, Tensor logQ)
    {
        using var scope = NewDisposeScope();
        var p = logP.exp();
        var divergences = logQ.neg_().Add(logP).mul_(p).sum(1);
        return (p.mul_(logP).sum(1).neg_().MoveToOuterDisposeScope(), divergences.MoveToOuterDisposeScope());
    }

    /// <summary>
    /// The token where the cumulative probability passes the uniform number, summed in float64, and its log-prob; where logits
    /// are no numbers, some token and a log-prob that is none either.
    /// </summary>
    public static (Tensor Tokens, Tensor LogProbs) Sample(Tensor logits, Tensor uniforms, double scale)
    {
        using var scope = NewDisposeScope();
        var (rows, vocabulary) = (logits.shape[0], logits.shape[1]);
        var padded = nn.functional.pad(logits, [0, (Part - vocabulary % Part) % Part], PaddingModes.Constant, double.NegativeInfinity);
        var p = IsWidened(logits) && scale == 1 ? Widening("aten::_softmax", padded) : Scaled(padded, scale).softmax(1);
        var parts = p.view(rows, -1, Part); // [N, parts, 256]
        var sums = parts.sum(2, type: ScalarType.Float64).cumsum(1);
        var passes = uniforms.to(ScalarType.Float64).unsqueeze(1).mul(sums.narrow(1, sums.shape[1] - 1, 1));
        var part = Passed(sums, passes);
        var within = parts.gather(1, part.unsqueeze(2).expand(rows, 1, Part)).squeeze(1).cumsum(1, ScalarType.Float64);
        var before = sums.gather(1, part.sub(Number.Of(1L)).clamp_min_(Number.Of(0L))).mul(part.gt(Number.Of(0L)));
        // Below the last sum also where the two ways of adding up differ: what is passed there has a probability.
        var rest = minimum(passes.sub(before), within.narrow(1, Part - 1, 1).mul(Number.Of(1 - 1e-15)));
        var tokens = part.mul(Number.Of(Part)).Plus(Passed(within, rest)).clamp_max_(Number.Of(vocabulary - 1));
        return (tokens.squeeze(1).MoveToOuterDisposeScope(), p.gather(1, tokens).log().squeeze(1).MoveToOuterDisposeScope());
    }

    // The first place whose sum is above the number; the last one where the sums are no numbers.
    private static Tensor Passed(Tensor sums, Tensor number) => searchsorted(sums, number, false, true).clamp_max_(Number.Of(sums.shape[1] - 1));

    private static bool IsWidened(Tensor logits) => logits.device_type == DeviceType.CUDA && logits.dtype == ScalarType.BFloat16;

    private static Tensor Widening(string name, Tensor logits) => new OperatorCall(name, "", stackalloc ulong[3]).With(logits).With(1L).With(true).RunForTensor();

    private static Tensor Scaled(Tensor logits, double scale)
    {
        var wide = logits.to(ScalarType.Float32);
        return scale == 1 ? wide : wide.mul(Number.Of(scale));
    }
}
