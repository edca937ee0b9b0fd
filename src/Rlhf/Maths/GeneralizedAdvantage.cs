using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Maths;

/// <summary>
/// Generalised advantage estimation (Schulman et al. 2016, arXiv:1506.02438):
/// <c>δ_t = r_t + γ·V_{t+1} − V_t</c>, <c>A_t = δ_t + γλ·A_{t+1}</c>, returns <c>A + V</c>.
/// The mask of each row is a run of ones from its start; the value after the last of them is 0 for a row that
/// ended, and <c>bootstrap</c> for one that was cut off.
/// </summary>
public static class GeneralizedAdvantage
{
    /// <param name="rewards">[B,T]</param>
    /// <param name="values">[B,T], the value of the state in which token t is chosen</param>
    /// <param name="mask">[B,T] bool</param>
    /// <param name="gamma">discount</param>
    /// <param name="lambda">0: one-step temporal difference; 1: whole returns minus the value</param>
    /// <param name="bootstrap">[B], the value of the state after the last token; null for 0</param>
    public static (Tensor Advantages, Tensor Returns) Estimate(
        Tensor rewards, Tensor values, Tensor mask, double gamma, double lambda, Tensor? bootstrap = null)
    {
        using var scope = NewDisposeScope();
        var steps = (int)values.shape[1];
        var known = Masked.Keep(values, mask);
        var deltas = Masked.Keep(rewards.Plus(Next(known, mask, bootstrap) * Number.Of(gamma)) - known, mask).unbind(1);
        var advantages = new Tensor[steps];
        for (var t = steps - 1; t >= 0; t--)
            advantages[t] = t == steps - 1 ? deltas[t] : deltas[t].Plus(advantages[t + 1] * Number.Of(gamma * lambda));

        var estimate = Masked.Keep(stack(advantages, 1), mask);
        return (estimate.MoveToOuterDisposeScope(), estimate.Plus(known).MoveToOuterDisposeScope());
    }

    /// <summary>V_{t+1}: the values one step later, and the bootstrap behind the last token of each row.</summary>
    private static Tensor Next(Tensor values, Tensor mask, Tensor? bootstrap)
    {
        var later = values.shape[1] - 1;
        var end = zeros_like(values.narrow(1, 0, 1));
        var next = cat([values.narrow(1, 1, later), end], 1);
        if (bootstrap is null) return next;
        var continues = cat([mask.narrow(1, 1, later), zeros_like(mask.narrow(1, 0, 1))], 1);
        return where(mask.logical_and(continues.logical_not()), bootstrap.unsqueeze(1), next);
    }
}
