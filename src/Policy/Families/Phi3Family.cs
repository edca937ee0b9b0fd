using System.Text.Json.Nodes;

namespace Rlhf.Policies.Families;

/// <summary>Phi-3 and Phi-4-mini (Abdin et al. 2024): fused projections, a window, part of a head turned, LongRoPE.</summary>
internal sealed class Phi3Family : LlamaLikeFamily
{
    public override IReadOnlyList<string> ModelTypes { get; } = ["phi3"];

    protected override bool IsFused => true;

    public override TransformerConfig Read(ConfigReader config) =>
        WithWindow(ReadCommon(config) with { QueryKeyValueBias = false, AttentionOutputBias = false, FeedForwardBias = false }, config, config.OptionalNumber("sliding_window"), config.WindowLayers());

    public override JsonObject Write(TransformerConfig config)
    {
        var json = base.Write(config);
        json.Remove("head_dim"); // its classes divide width by heads
        json["partial_rotary_factor"] = (double)config.Rotary!.Width / config.HeadWidth;
        json["original_max_position_embeddings"] ??= config.Context;
        json["sliding_window"] = config.SlidingWindow;
        if (config.WindowLayers is not null) json["layer_types"] = LayerTypes(config);
        (json["embd_pdrop"], json["resid_pdrop"]) = (0.0, 0.0);
        return json;
    }

    protected override string ClassName(string modelType) => "Phi3";
}
