using System.Text.Json.Nodes;

namespace Rlhf.Policies.Families;

/// <summary>
/// Gemma 2 (2024) and the text models of Gemma 3 (2025): layers that see a window and layers that see all, norms on both
/// sides, scaled embeddings; soft caps in Gemma 2, norms of queries and keys and a rotary base for windows in Gemma 3.
/// </summary>
internal sealed class GemmaFamily : LlamaLikeFamily
{
    private const string Gemma2 = "gemma2";

    public override IReadOnlyList<string> ModelTypes { get; } = [Gemma2, "gemma3_text"];

    public override TransformerConfig Read(ConfigReader config)
    {
        config.Demand("use_bidirectional_attention", false);
        var isSecond = config.ModelType == Gemma2;
        int layers = config.Number("num_hidden_layers"), context = config.Number("max_position_embeddings"), head = config.OptionalNumber("head_dim") ?? 256;
        var pattern = config.OptionalNumber("sliding_window_pattern") ?? config.OptionalNumber("_sliding_window_pattern") ?? (isSecond ? 2 : 6);
        var (full, windowed) = Rotaries(config, head, context);
        return ReadCommon(config, head, full) with
        {
            Activation = config.Activation("hidden_activation", "gelu_pytorch_tanh"), NormPlacement = NormPlacement.Around, NormsAddOne = true,
            QueryKeyNorm = isSecond ? QueryKeyNorm.None : QueryKeyNorm.PerHead, Rotary = full, WindowRotary = isSecond ? null : windowed,
            SlidingWindow = config.OptionalNumber("sliding_window") ?? 4096,
            WindowLayers = config.WindowLayers() ?? [.. Enumerable.Range(1, layers).Select(layer => layer % pattern != 0)],
            AttentionScale = 1 / Math.Sqrt(config.Real("query_pre_attn_scalar") ?? 256), EmbeddingScale = Math.Sqrt(config.Number("hidden_size")),
            AttentionCap = Cap(config, "attn_logit_softcapping", isSecond ? 50 : null), LogitCap = Cap(config, "final_logit_softcapping", isSecond ? 30 : null),
            FeedForwardBias = false, TiedHead = config.Flag("tie_word_embeddings") ?? true,
        };
    }

    public override JsonObject Write(TransformerConfig config)
    {
        var json = base.Write(config);
        var activation = config.Activation == Activation.GeluTanh ? "gelu_pytorch_tanh" : ConfigReader.NameOf(config.Activation);
        (json["hidden_activation"], json["hidden_act"]) = (activation, activation);
        json["attention_bias"] = config.QueryKeyValueBias;
        json["query_pre_attn_scalar"] = Scalar(config);
        (json["sliding_window"], json["layer_types"]) = (config.SlidingWindow, LayerTypes(config));
        (json["attn_logit_softcapping"], json["final_logit_softcapping"]) = (config.AttentionCap, config.LogitCap);
        if (config.WindowRotary is { } windowed) json["rope_local_base_freq"] = windowed.Base;
        return json;
    }

    protected override string ClassName(string modelType) => modelType == Gemma2 ? "Gemma2" : "Gemma3";

    public override string Architecture(TransformerConfig config, string task) =>
        config.Family != Gemma2 && task != "CausalLM" ? $"Gemma3TextFor{task}" : base.Architecture(config, task);

    // Under rope_parameters each kind of layer may have a section; before, the window's base stood beside.
    private static (RotaryConfig Full, RotaryConfig Windowed) Rotaries(ConfigReader config, int head, int context)
    {
        var isSecond = config.ModelType == Gemma2;
        if (config.Section("rope_parameters") is { } parameters && parameters.Has("full_attention"))
            return (Of(parameters.Section("full_attention")!, 1e6), Of(parameters.Section("sliding_attention") ?? throw parameters.Missing("sliding_attention"), 1e4));
        var scaling = config.Section("rope_scaling") ?? config.Section("rope_parameters");
        var full = RotarySettings.Read(config, scaling, head, context, config.Real("rope_theta") ?? scaling?.Real("rope_theta") ?? (isSecond ? 1e4 : 1e6));
        return (full, RotarySettings.Read(config, null, head, context, config.Real("rope_local_base_freq") ?? 1e4));

        RotaryConfig Of(ConfigReader section, double @base) => RotarySettings.Read(config, section, head, context, section.Real("rope_theta") ?? @base);
    }

    // null in the file is no cap; a key that is missing is the family's own.
    private static double? Cap(ConfigReader config, string key, double? otherwise) => config.Names(key) ? config.Real(key) : otherwise;

    // 1/scale², which is a whole number in the files.
    private static JsonValue Scalar(TransformerConfig config)
    {
        var scalar = 1 / (config.AttentionScale!.Value * config.AttentionScale.Value);
        return Math.Abs(scalar - Math.Round(scalar)) < 1e-9 * scalar ? JsonValue.Create((int)Math.Round(scalar)) : JsonValue.Create(scalar);
    }
}
