using Rlhf.Foundation.Torch;
using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Dpo;

/// <summary>Single replies that are desirable or not (KTO), with what the reference once said of them.</summary>
internal sealed class RatedPreferences(DpoRecipe recipe, IReadOnlyList<RatedReply> replies, int pad) : IPreferences
{
    private static readonly string[] s_names =
    [
        "loss", "accuracy", "reference_point", "desirable", "chosen_reward", "rejected_reward", "chosen_log_prob", "rejected_log_prob",
    ];

    private float[] _own = new float[replies.Count], _foreign = new float[replies.Count];

    public int Count => replies.Count;

    public long Kinds => s_names.Length;

    public int Cost(int item) => Math.Max(replies[item].Own.Tokens.Length, replies[item].Foreign.Tokens.Length);

    public void Judge(CausalLm reference, int microBatchTokens)
    {
        _own = ReplyLikelihoods.OfAll(reference, [.. replies.Select(reply => reply.Own)], pad, microBatchTokens);
        _foreign = ReplyLikelihoods.OfAll(reference, [.. replies.Select(reply => reply.Foreign)], pad, microBatchTokens);
    }

    /// <summary>Σ h over the replies to other prompts.</summary>
    public Tensor? Shared(CausalLm policy, int[] items)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var sums = ReplyLikelihoods.Of(policy, [.. items.Select(item => replies[item].Foreign)], pad);
        return (sums - Then(_foreign, items, sums.device)).sum().unsqueeze(0).MoveToOuterDisposeScope();
    }

    public (Tensor Losses, Tensor Sums) Of(CausalLm policy, int[] items, Tensor? shared)
    {
        var logProbs = ReplyLikelihoods.Of(policy, [.. items.Select(item => replies[item].Own)], pad);
        var drifts = logProbs - Then(_own, items, logProbs.device);
        var good = tensor(Array.ConvertAll(items, item => replies[item].IsDesirable)).On(logProbs.device);
        var point = KtoLoss.Reference(shared!);
        var losses = KtoLoss.Of(drifts, point, good, recipe.Strength, recipe.DesirableWeight, recipe.UndesirableWeight);
        using var off = no_grad();
        var (desirable, other) = (good.to_type(ScalarType.Float32), good.logical_not().to_type(ScalarType.Float32));
        var rewards = drifts * Number.Of(recipe.Strength);
        Tensor[] numbers =
        [
            losses, drifts.gt(point).eq(good).to_type(ScalarType.Float32), point.expand(items.Length), desirable,
            rewards * desirable, rewards * other, logProbs * desirable, logProbs * other,
        ];
        return (losses, stack(numbers.Select(number => number.detach().sum())));
    }

    /// <summary>Rewards are β·(ln π − ln ρ): means over desirable replies (chosen) and over the others (rejected), where there are any.</summary>
    public Dictionary<string, double> Means(Tensor sums, int count)
    {
        using var host = sums.cpu();
        var all = s_names.Zip(host.data<float>().ToArray()).ToDictionary(pair => pair.First, pair => (double)pair.Second);
        var good = all["desirable"];
        var means = new Dictionary<string, double>();
        foreach (var name in s_names)
        {
            var of = name.StartsWith("chosen", StringComparison.Ordinal) ? good : name.StartsWith("rejected", StringComparison.Ordinal) ? count - good : count;
            if (of > 0) means[name] = all[name] / of;
        }

        if (means.TryGetValue("chosen_reward", out var chosen) && means.TryGetValue("rejected_reward", out var rejected)) means["margin"] = chosen - rejected;
        return means;
    }

    private static Tensor Then(float[] logProbs, int[] items, Device device) => tensor(Array.ConvertAll(items, item => logProbs[item])).On(device);
}
