using System.Text.Json.Nodes;

namespace Rlhf.Policies.Families;

/// <summary>Qwen2 (Yang et al. 2024), with biases of queries, keys and values, and Qwen3 (2025), with norms of queries and keys instead.</summary>
internal sealed class QwenFamily : LlamaLikeFamily
{
    public override IReadOnlyList<string> ModelTypes { get; } = ["qwen2", "qwen3"];

    public override TransformerConfig Read(ConfigReader config)
    {
        var model = ReadCommon(config);
        model = config.ModelType == "qwen2"
            ? model with { QueryKeyValueBias = true, AttentionOutputBias = false, FeedForwardBias = false }
            : model with { QueryKeyNorm = QueryKeyNorm.PerHead, FeedForwardBias = false };
        if (config.Flag("use_sliding_window") != true || config.OptionalNumber("sliding_window") is not { } window) return model;
        // Where the file does not list layers, those from max_window_layers on have the window.
        var first = config.OptionalNumber("max_window_layers") ?? 28;
        return WithWindow(model, config, window, config.WindowLayers() ?? [.. Enumerable.Range(0, model.Layers).Select(layer => layer >= first)]);
    }

    public override JsonObject Write(TransformerConfig config)
    {
        var json = base.Write(config);
        if (config.Family == "qwen3") json["attention_bias"] = config.QueryKeyValueBias;
        json["use_sliding_window"] = config.SlidingWindow is not null;
        if (config.SlidingWindow is { } window) (json["sliding_window"], json["layer_types"]) = (window, LayerTypes(config));
        return json;
    }

    protected override string ClassName(string modelType) => modelType == "qwen2" ? "Qwen2" : "Qwen3";
}
