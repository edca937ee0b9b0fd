using Rlhf.Foundation;
using Rlhf.Policies.Families;

namespace Rlhf.Cli.Bench;

/// <summary>The model sizes that `rlhf bench` knows by name.</summary>
public static class NamedShapes
{
    private static readonly Dictionary<string, TransformerConfig> s_shapes = new()
    {
        ["small_a"] = TransformerConfig.Gpt2(512, 128, 4, 4, 256),
        ["small_b"] = TransformerConfig.Gpt2(4096, 384, 6, 6, 256),
        ["stories_15m"] = TransformerConfig.Llama(32000, 288, 6, 6, 6, 768, 256),
        ["gpt2_124m"] = TransformerConfig.Gpt2(50257, 768, 12, 12, 1024),
        ["pythia_160m"] = TransformerConfig.Gpt2(50304, 768, 12, 12, 2048) with
        {
            Family = "gpt_neox", Activation = Activation.Gelu, ParallelResidual = true, TiedHead = false, Rotary = new RotaryConfig { Width = 16 },
        },
    };

    public static IReadOnlyCollection<string> Names => s_shapes.Keys;

    public static TransformerConfig Of(string name) => s_shapes.TryGetValue(name, out var shape) ? shape
        : throw new RlhfException($"sizes: found '{name}'; expected some of {string.Join(", ", Names)}");
}
