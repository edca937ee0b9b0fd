using Rlhf.Foundation;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;

namespace Rlhf.Policies.Gguf;

/// <summary>What readers of GGUF call a family, the keys they read its shape from, and what they cannot be told.</summary>
internal static class GgufArchitecture
{
    public static string NameOf(TransformerConfig config, string folder) => config.Family switch
    {
        "llama" or "mistral" => "llama",
        "qwen2" or "qwen3" or "gpt2" => config.Family,
        "gemma3_text" => "gemma3",
        var other => throw new RlhfException($"{folder}: models of the type '{other}' are not exported to GGUF; those of llama, mistral, qwen2, qwen3, gemma3_text and gpt2 are"),
    };

    public static void AddKeys(GgufWriter file, TransformerConfig config, string folder)
    {
        var name = NameOf(config, folder);
        RefuseWhatIsLost(config, name, folder);
        // A window that a reader does not know of changes nothing within its length.
        var context = name != "gemma3" && config.SlidingWindow is { } window ? Math.Min(config.Context, window) : config.Context;
        file.Add($"{name}.context_length", (uint)context);
        file.Add($"{name}.embedding_length", (uint)config.Width);
        file.Add($"{name}.block_count", (uint)config.Layers);
        file.Add($"{name}.feed_forward_length", (uint)config.Hidden);
        file.Add($"{name}.attention.head_count", (uint)config.Heads);
        file.Add($"{name}.vocab_size", (uint)config.Vocabulary);
        if (name == "gpt2")
        {
            file.Add("gpt2.attention.layer_norm_epsilon", (float)config.NormEpsilon);
            return;
        }

        file.Add($"{name}.attention.head_count_kv", (uint)config.KeyValueHeads);
        file.Add($"{name}.attention.key_length", (uint)config.HeadWidth);
        file.Add($"{name}.attention.value_length", (uint)config.HeadWidth);
        file.Add($"{name}.attention.layer_norm_rms_epsilon", (float)config.NormEpsilon);
        file.Add($"{name}.rope.dimension_count", (uint)config.Rotary!.Width);
        file.Add($"{name}.rope.freq_base", (float)config.Rotary.Base);
        if (name == "gemma3") file.Add($"{name}.attention.sliding_window", (uint)config.SlidingWindow!.Value);
        if (config.Rotary.Scaling is not (RotaryScaling.Linear or RotaryScaling.Yarn)) return;
        file.Add($"{name}.rope.scaling.type", config.Rotary.Scaling == RotaryScaling.Linear ? "linear" : "yarn");
        file.Add($"{name}.rope.scaling.factor", (float)config.Rotary.Factor);
        if (config.Rotary.Scaling == RotaryScaling.Yarn) file.Add($"{name}.rope.scaling.original_context_length", (uint)config.Rotary.OriginalContext);
    }

    /// <summary>Llama 3's stretch of frequencies, which files hold as divisors; null where there is none.</summary>
    public static float[]? FrequencyDivisors(TransformerConfig config)
    {
        if (config.Rotary is not { Scaling: RotaryScaling.Llama3 } rotary) return null;
        var stretched = RotaryFrequencies.Of(rotary, config.Context, config.Context);
        return [.. RotaryFrequencies.Of(rotary with { Scaling = RotaryScaling.None }, config.Context, config.Context).Zip(stretched, (plain, other) => (float)(plain / other))];
    }

    // Readers compute these without being told, or not at all.
    private static void RefuseWhatIsLost(TransformerConfig config, string name, string folder)
    {
        var activation = name switch { "gpt2" => config.Activation is Activation.GeluTanh, "gemma3" => config.Activation is Activation.GeluTanh, _ => config.Activation is Activation.Silu };
        if (!activation) throw Lost($"the activation {config.Activation}");
        if (config.Rotary is { Scaling: RotaryScaling.Dynamic or RotaryScaling.LongRope }) throw Lost($"rotary scaling {config.Rotary.Scaling}");
        if (config.Rotary is { Scaling: RotaryScaling.Yarn } yarn && (yarn.AttentionFactor is not null || yarn.BetaFast != 32 || yarn.BetaSlow != 1)) throw Lost("YaRN with a temperature or ramps of its own");
        if (name is "qwen2" or "qwen3" && config.SlidingWindow is not null) throw Lost("a sliding window of some layers");
        if (config.FeedForwardBias && name != "gpt2") throw Lost("biases of feed-forward layers");
        if (name is "qwen3" or "gemma3" && config.QueryKeyValueBias) throw Lost("biases of queries, keys and values");
        if (name != "gemma3") return;
        if (Enumerable.Range(0, config.Layers).Any(layer => config.WindowOf(layer) is null != ((layer + 1) % 6 == 0))) throw Lost("a pattern of windows other than five of six layers");
        if (config.WindowRotary is not { Base: 10000, Scaling: RotaryScaling.None }) throw Lost("a rotary base of windows other than 10000");
        if (config.AttentionScale is { } scale && Math.Abs(scale * Math.Sqrt(config.HeadWidth) - 1) > 1e-6) throw Lost("a query_pre_attn_scalar other than head_dim");
        if (config.AttentionCap is not null || config.LogitCap is not null) throw Lost("soft caps");

        RlhfException Lost(string what) => new($"{folder}: has {what}, which readers of GGUF cannot be told for '{name}'; the file would compute something else");
    }
}
