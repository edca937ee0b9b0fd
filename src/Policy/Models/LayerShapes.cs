using Rlhf.Policies.Families;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Models;

/// <summary>What attention needs to know of each layer in one pass; layers of one kind share theirs.</summary>
/// <param name="tokens">B and S</param>
/// <param name="columns">of a cache that the tokens take</param>
/// <param name="seen">positions there are, those of the cache included</param>
internal sealed class LayerShapes(Transformer trunk, RotarySet rotary, long[] tokens, Tensor? columns, long seen)
{
    private readonly Dictionary<(int? Window, RotaryConfig? Rotary), AttentionShape> _shapes = [];

    public AttentionShape this[int layer]
    {
        get
        {
            var config = trunk.Config;
            var kind = (config.WindowOf(layer), config.RotaryOf(layer));
            if (_shapes.TryGetValue(kind, out var known)) return known;
            var tables = rotary.Covering(layer, seen, trunk.Embedding.device);
            var mask = SelfAttention.Mask(columns, columns is null ? tokens[1] : seen, kind.Item1, trunk.Embedding);
            if (mask is null && PlainAttention.Serves(trunk.Embedding, tokens[1], config.AttentionCap)) mask = PlainAttention.Causal(tokens[1], trunk.Embedding);
            return _shapes[kind] = new AttentionShape
            {
                Batch = tokens[0], Length = tokens[1], Heads = config.Heads, SharedHeads = config.KeyValueHeads, HeadWidth = config.HeadWidth,
                Columns = columns, Mask = mask, Cosines = tables?.Cosines, Sines = tables?.Sines,
                Cap = config.AttentionCap,
            };
        }
    }
}
