using Rlhf.Foundation.Torch;
using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>A prompt and what was answered, as tokens.</summary>
internal readonly record struct Exchange(int[] Prompt, int[] Response);

/// <summary>
/// Prompts with their responses as a model reads them to judge the responses. The last token of a response is predicted
/// but never read, so it is left out; rows are padded on the right, where causal attention does not see it.
/// </summary>
internal sealed class ResponseBatch : IDisposable
{
    private ResponseBatch(TokenBatch tokens, Tensor predicting, Tensor targets)
    {
        Tokens = tokens;
        Predicting = predicting;
        Targets = targets;
    }

    /// <summary>[B, S−1] prompt and response without its last token</summary>
    public TokenBatch Tokens { get; }

    /// <summary>[N] places in a flattened [B·(S−1)] that predict the response tokens: P−1 … S−2 of each row, row after row</summary>
    public Tensor Predicting { get; }

    /// <summary>[N] the response tokens</summary>
    public Tensor Targets { get; }

    public static ResponseBatch Of(IReadOnlyList<Exchange> exchanges, int pad, Device device)
    {
        var rows = new int[exchanges.Count][];
        for (var i = 0; i < rows.Length; i++) rows[i] = [.. exchanges[i].Prompt, .. exchanges[i].Response.AsSpan(0, exchanges[i].Response.Length - 1)];
        var width = rows.Max(row => row.Length);
        var count = exchanges.Sum(exchange => exchange.Response.Length);
        var (predicting, targets) = (new long[count], new long[count]);
        var next = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            var first = i * width + exchanges[i].Prompt.Length - 1;
            for (var t = 0; t < exchanges[i].Response.Length; t++, next++)
                (predicting[next], targets[next]) = (first + t, exchanges[i].Response[t]);
        }

        return new ResponseBatch(
            TokenBatch.RightPadded(rows, pad, device), tensor(predicting).On(device), tensor(targets).On(device));
    }

    public void Dispose()
    {
        Tokens.Dispose();
        Predicting.Dispose();
        Targets.Dispose();
    }
}
