using Rlhf.Foundation.Torch;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Generation;

/// <summary>Chosen tokens [R] int64 and their log-probs [R] float32 under the tempered softmax.</summary>
internal readonly record struct Draw(Tensor Tokens, Tensor LogProbs);

/// <summary>Chooses the next token of every row at once, on the rows' device, without waiting for it and with operators that can be recorded.</summary>
internal sealed class TokenSampler(SamplingOptions options, IReadOnlyList<int> ends, Device device) : IDisposable
{
    private readonly Tensor _ends = tensor(ends.ToArray(), ScalarType.Int64).On(device).DetachFromDisposeScope();

    /// <summary>Whether tokens are drawn without their logits ever being a tensor: in kernels, from the full softmax.</summary>
    public bool Draws(Tensor hidden) => options.IsFullSoftmax && KernelRule.ServesModel(hidden);

    /// <summary>Draws so.</summary>
    /// <param name="hidden">[R, D].</param>
    /// <param name="head">[V, D].</param>
    /// <param name="uniforms">[R] in [0, 1).</param>
    public Draw Draw(Tensor hidden, Tensor head, Tensor uniforms)
    {
        var (tokens, logProbs) = HeadProducts.Draw(hidden, head, uniforms, 1 / options.Temperature);
        return new Draw(tokens, logProbs);
    }

    /// <param name="logits">[R, V] float32.</param>
    /// <param name="uniforms">[R] in [0, 1).</param>
    /// <param name="seen">[R, V] bool where repetition is penalised, else null.</param>
    /// <param name="unfinished">[R] bool, true where the response may not end yet; null where all may.</param>
    public Draw Next(Tensor logits, Tensor uniforms, Tensor? seen, Tensor? unfinished)
    {
        using var scope = NewDisposeScope();
        var scale = options.Greedy ? 1 : 1 / options.Temperature;
        Draw draw;
        if (options.IsFullSoftmax)
        {
            var (tokens, logProbs) = Softmax.Sample(logits, uniforms, scale);
            draw = new Draw(tokens, logProbs);
        }
        else
        {
            var allowed = Allowed(logits.to(ScalarType.Float32), seen, unfinished);
            var tokens = options.Greedy ? allowed.argmax(-1) : Truncated(allowed, uniforms, scale);
            draw = new Draw(tokens, Softmax.LogProb(logits, tokens, scale));
        }

        draw.Tokens.MoveToOuterDisposeScope();
        draw.LogProbs.MoveToOuterDisposeScope();
        return draw;
    }

    public void Dispose() => _ends.Dispose();

    private Tensor Allowed(Tensor logits, Tensor? seen, Tensor? unfinished)
    {
        if (seen is not null) logits = Truncation.PenalizeRepetition(logits, seen, options.RepetitionPenalty);
        if (unfinished is null || _ends.numel() == 0) return logits;
        return where(unfinished.unsqueeze(1), logits.clone().index_fill_(1, _ends, Number.Of(float.NegativeInfinity)), logits);
    }

    private Tensor Truncated(Tensor logits, Tensor uniforms, double scale)
    {
        if (scale != 1) logits = logits.mul(Number.Of(scale));
        if (options.TopK > 0) logits = Truncation.TopK(logits, options.TopK);
        if (options.TopP < 1) logits = Truncation.TopP(logits, options.TopP);
        return Softmax.Sample(logits, uniforms, 1).Tokens;
    }
}
