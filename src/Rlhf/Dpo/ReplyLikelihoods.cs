using Rlhf.Foundation.Torch;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Models;
using Rlhf.Policies.Training;
using Rlhf.Ppo;
using static TorchSharp.torch;

namespace Rlhf.Dpo;

/// <summary>A prompt with a reply behind it.</summary>
/// <param name="Tokens">of both</param>
/// <param name="Reply">how many of the last are the reply's</param>
internal readonly record struct TokenizedReply(int[] Tokens, int Reply);

/// <summary>Σ ln π of replies.</summary>
internal static class ReplyLikelihoods
{
    /// <returns>[n] with gradients where they are on</returns>
    public static Tensor Of(CausalLm model, IReadOnlyList<TokenizedReply> replies, int pad)
    {
        using var scope = NewDisposeScope();
        using var tokens = ResponseBatch.Of([.. replies.Select(reply => new Exchange(reply.Tokens[..^reply.Reply], reply.Tokens[^reply.Reply..]))], pad, model.HeadWeight.device);
        var hidden = model.Trunk.HiddenAt(tokens.Tokens, tokens.Predicting);
        var logProbs = TokenLogProbs.Selected(hidden, model.Head, tokens.Targets, temperature: 1);
        var rows = replies.SelectMany((reply, i) => Enumerable.Repeat((long)i, reply.Reply)).ToArray();
        return zeros(replies.Count, device: logProbs.device).index_add(0, tensor(rows, device: logProbs.device), logProbs, Number.Of(1)).MoveToOuterDisposeScope();
    }

    /// <summary>Those of all replies on the host, so many tokens at a time.</summary>
    public static float[] OfAll(CausalLm model, IReadOnlyList<TokenizedReply> replies, int pad, int microBatchTokens)
    {
        using var off = no_grad();
        var all = new float[replies.Count];
        foreach (var part in MicroBatches.Split(Enumerable.Range(0, replies.Count), i => replies[i].Tokens.Length, microBatchTokens))
        {
            using var scope = NewDisposeScope();
            var sums = Of(model, [.. part.Select(i => replies[i])], pad).cpu().data<float>().ToArray();
            for (var i = 0; i < part.Length; i++) all[part[i]] = sums[i];
        }

        return all;
    }
}
