using System.Text.Json.Nodes;

namespace Rlhf.Policies.Families;

/// <summary>StableLM 2 (Bellagente et al. 2024): layer norms with a bias, and a part of each head turned.</summary>
internal sealed class StableLmFamily : LlamaLikeFamily
{
    public override IReadOnlyList<string> ModelTypes { get; } = ["stablelm"];

    public override TransformerConfig Read(ConfigReader config)
    {
        config.Demand("qk_layernorm", false);
        config.Demand("use_parallel_residual", false);
        var model = ReadCommon(config);
        return model with
        {
            Norm = Normalization.Layer, NormEpsilon = config.Real("layer_norm_eps") ?? 1e-5, QueryKeyValueBias = config.Flag("use_qkv_bias") ?? false, AttentionOutputBias = false,
            FeedForwardBias = false, Rotary = RotarySettings.Read(config, model.HeadWidth, model.Context, part: 0.25),
        };
    }

    public override JsonObject Write(TransformerConfig config)
    {
        var json = base.Write(config);
        json.Remove("head_dim"); // its classes divide width by heads
        json.Remove("rms_norm_eps");
        (json["layer_norm_eps"], json["use_qkv_bias"]) = (config.NormEpsilon, config.QueryKeyValueBias);
        json["partial_rotary_factor"] = (double)config.Rotary!.Width / config.HeadWidth;
        (json["qk_layernorm"], json["use_parallel_residual"], json["hidden_dropout"]) = (false, false, 0.0);
        return json;
    }

    protected override string ClassName(string modelType) => "StableLm";
}
