using Rlhf.Foundation.Torch;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Models;
using Rlhf.Policies.Training;
using Rlhf.Ppo;
using Rlhf.Rewards.Training;
using static TorchSharp.torch;

namespace Rlhf.Dpo;

/// <summary>Σ ln π of the replies of preference pairs, both sides in one pass.</summary>
internal static class PairLikelihoods
{
    /// <returns>[2,n]: the chosen replies, then the rejected ones; with gradients where they are on</returns>
    public static Tensor Of(CausalLm model, IReadOnlyList<TokenizedPair> pairs, int pad)
    {
        using var scope = NewDisposeScope();
        Exchange[] exchanges =
        [
            .. pairs.Select(pair => Side(pair.Chosen, pair.ChosenReply)), .. pairs.Select(pair => Side(pair.Rejected, pair.RejectedReply)),
        ];
        using var tokens = ResponseBatch.Of(exchanges, pad, model.HeadWeight.device);
        var hidden = model.Trunk.HiddenAt(tokens.Tokens, tokens.Predicting);
        var logProbs = TokenLogProbs.Selected(hidden, model.HeadWeight, tokens.Targets, temperature: 1);
        var rows = exchanges.SelectMany((exchange, i) => Enumerable.Repeat((long)i, exchange.Response.Length)).ToArray();
        var sums = zeros(exchanges.Length, device: logProbs.device).index_add(0, tensor(rows, device: logProbs.device), logProbs, Number.Of(1));
        return sums.reshape(2, pairs.Count).MoveToOuterDisposeScope();
    }

    /// <summary>Those of all pairs, [2,n] on the host, so many tokens at a time.</summary>
    public static (float[] Chosen, float[] Rejected) OfAll(CausalLm model, IReadOnlyList<TokenizedPair> pairs, int pad, int microBatchTokens)
    {
        using var off = no_grad();
        var (chosen, rejected) = (new float[pairs.Count], new float[pairs.Count]);
        foreach (var part in MicroBatches.Split(Enumerable.Range(0, pairs.Count), i => 2 * pairs[i].Length, microBatchTokens))
        {
            using var scope = NewDisposeScope();
            var sums = Of(model, [.. part.Select(i => pairs[i])], pad).cpu().data<float>().ToArray();
            for (var i = 0; i < part.Length; i++) (chosen[part[i]], rejected[part[i]]) = (sums[i], sums[part.Length + i]);
        }

        return (chosen, rejected);
    }

    private static Exchange Side(int[] tokens, int reply) => new(tokens[..^reply], tokens[^reply..]);
}
