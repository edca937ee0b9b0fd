using Rlhf.Foundation.Torch;
using Rlhf.Policies.Models;
using Rlhf.Rewards.Training;
using static TorchSharp.torch;

namespace Rlhf.Dpo;

/// <summary>Preference pairs, with what the reference once said of them.</summary>
internal sealed class PairPreferences(DpoRecipe recipe, IReadOnlyList<TokenizedPair> pairs, int pad) : IPreferences
{
    private static readonly string[] s_names = ["loss", "accuracy", "margin", "chosen_reward", "rejected_reward", "chosen_log_prob", "rejected_log_prob"];

    private readonly PairLoss _loss = new(recipe);
    private float[] _chosen = new float[pairs.Count], _rejected = new float[pairs.Count];

    public int Count => pairs.Count;

    public long Kinds => s_names.Length;

    public int Cost(int item) => 2 * pairs[item].Length;

    public void Judge(CausalLm reference, int microBatchTokens)
    {
        var sums = ReplyLikelihoods.OfAll(reference, [.. pairs.SelectMany(Sides)], pad, microBatchTokens);
        (_chosen, _rejected) = ([.. Enumerable.Range(0, Count).Select(i => sums[2 * i])], [.. Enumerable.Range(0, Count).Select(i => sums[2 * i + 1])]);
    }

    public Tensor? Shared(CausalLm policy, int[] items) => null;

    public (Tensor Losses, Tensor Sums) Of(CausalLm policy, int[] items, Tensor? shared)
    {
        var sides = ReplyLikelihoods.Of(policy, [.. items.SelectMany(item => Sides(pairs[item]))], pad).reshape(-1, 2);
        var (chosen, rejected) = (sides.select(1, 0), sides.select(1, 1));
        Tensor Each(Func<int, float> number) => tensor(Array.ConvertAll(items, item => number(item))).On(chosen.device);
        var (losses, chosenRewards, rejectedRewards) = _loss.Of(new PairNumbers
        {
            Chosen = chosen, Rejected = rejected, ReferenceChosen = Each(item => _chosen[item]), ReferenceRejected = Each(item => _rejected[item]),
            ChosenLengths = Each(item => pairs[item].ChosenReply), RejectedLengths = Each(item => pairs[item].RejectedReply),
        });
        var margin = chosenRewards - rejectedRewards;
        Tensor[] numbers = [losses, margin.gt(Number.Of(0)).to_type(ScalarType.Float32), margin, chosenRewards, rejectedRewards, chosen, rejected];
        return (losses, stack(numbers.Select(number => number.detach().sum())));
    }

    /// <summary>Rewards are β·(ln π − ln ρ), or of what the objective has in its place.</summary>
    public Dictionary<string, double> Means(Tensor sums, int count)
    {
        using var host = (sums / Number.Of(count)).cpu();
        return s_names.Zip(host.data<float>().ToArray()).ToDictionary(pair => pair.First, pair => (double)pair.Second);
    }

    private static TokenizedReply[] Sides(TokenizedPair pair) => [new(pair.Chosen, pair.ChosenReply), new(pair.Rejected, pair.RejectedReply)];
}
