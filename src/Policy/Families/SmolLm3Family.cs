using System.Text.Json.Nodes;

namespace Rlhf.Policies.Families;

/// <summary>SmolLM3 (2025): a Llama of which some layers know no positions (Yang et al. 2025).</summary>
internal sealed class SmolLm3Family : LlamaLikeFamily
{
    public override IReadOnlyList<string> ModelTypes { get; } = ["smollm3"];

    public override TransformerConfig Read(ConfigReader config)
    {
        var model = ReadCommon(config);
        var interval = config.OptionalNumber("no_rope_layer_interval") ?? 4;
        bool[] turned = config.Reals("no_rope_layers")?.Select(flag => flag != 0).ToArray() ?? [.. Enumerable.Range(1, model.Layers).Select(layer => layer % interval != 0)];
        model = model with { RotaryLayers = turned.Contains(false) ? turned : null, TiedHead = config.Flag("tie_word_embeddings") ?? true };
        return config.Flag("use_sliding_window") == true
            ? WithWindow(model, config, config.OptionalNumber("sliding_window"), config.WindowLayers() ?? [.. turned.Select(isTurned => !isTurned)])
            : model;
    }

    public override JsonObject Write(TransformerConfig config)
    {
        var json = base.Write(config);
        (json["attention_bias"], json["mlp_bias"]) = (config.QueryKeyValueBias, config.FeedForwardBias);
        json["no_rope_layers"] = new JsonArray([.. Enumerable.Range(0, config.Layers).Select(layer => (JsonNode)(config.RotaryLayers?[layer] == false ? 0 : 1))]);
        json["use_sliding_window"] = config.SlidingWindow is not null;
        if (config.SlidingWindow is { } window) (json["sliding_window"], json["layer_types"]) = (window, LayerTypes(config));
        return json;
    }

    protected override string ClassName(string modelType) => "SmolLM3";
}
