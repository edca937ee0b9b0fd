using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Policies.Operators;

/// <summary>What makes logits of hidden states: a matrix [V, D] and, where there is one, a cap.</summary>
/// <param name="Weight">[V, D]</param>
/// <param name="Cap">c: logits become c·tanh(logits/c)</param>
internal readonly record struct OutputHead(Tensor Weight, double? Cap = null)
{
    public static implicit operator OutputHead(Tensor weight) => new(weight);

    /// <summary>The same over the first tokens alone.</summary>
    public OutputHead First(long tokens) => this with { Weight = Weight.narrow(0, 0, tokens) };

    /// <summary>Logits [.., V] as they are after the cap.</summary>
    public Tensor Capped(Tensor logits) => Cap is { } cap ? logits.div(Number.Of(cap)).tanh().mul(Number.Of(cap)) : logits;
}
