using Rlhf.Foundation.Torch;
using Rlhf.Policies.Models;
using Rlhf.Rewards.Training;
using static TorchSharp.torch;

namespace Rlhf.Dpo;

/// <summary>Losses of preference pairs under a policy, against what the reference once said of them.</summary>
internal sealed class DpoMargins(DpoRecipe recipe, IReadOnlyList<TokenizedPair> pairs, (float[] Chosen, float[] Rejected) reference, int pad)
{
    private static readonly string[] Names = ["loss", "accuracy", "margin", "chosen_reward", "rejected_reward", "chosen_log_prob", "rejected_log_prob"];

    /// <summary>Numbers that are told of a batch.</summary>
    public static long Kinds => Names.Length;

    /// <returns>losses [n], and the sums over pairs of what <see cref="Means"/> names</returns>
    public (Tensor Losses, Tensor Sums) Of(CausalLm policy, int[] items)
    {
        var sums = PairLikelihoods.Of(policy, [.. items.Select(item => pairs[item])], pad);
        var (chosen, rejected) = (sums[0], sums[1]);
        var chosenDrift = chosen - Then(reference.Chosen, items, sums.device);
        var rejectedDrift = rejected - Then(reference.Rejected, items, sums.device);
        var margin = chosenDrift - rejectedDrift;
        var losses = recipe.Objective == DpoObjective.Ipo
            ? DpoLoss.Ipo(margin, recipe.Beta)
            : DpoLoss.Sigmoid(margin, recipe.Beta, recipe.LabelSmoothing);
        Tensor[] numbers =
        [
            losses, (margin > Number.Of(0)).to_type(ScalarType.Float32), margin * Number.Of(recipe.Beta), chosenDrift * Number.Of(recipe.Beta), rejectedDrift * Number.Of(recipe.Beta), chosen, rejected,
        ];
        return (losses, stack(numbers.Select(number => number.detach().sum())));
    }

    /// <summary>The means that the sums stand for, by the names of metrics.jsonl; rewards are β·(ln π − ln ρ).</summary>
    public static Dictionary<string, double> Means(Tensor sums, int count)
    {
        using var host = (sums / Number.Of(count)).cpu();
        return Names.Zip(host.data<float>().ToArray()).ToDictionary(pair => pair.First, pair => (double)pair.Second);
    }

    private static Tensor Then(float[] logProbs, int[] items, Device device) => tensor(Array.ConvertAll(items, item => logProbs[item])).On(device);
}
