using System.Text.Json.Nodes;

namespace Rlhf.Policies.Families;

/// <summary>Granite 3 (2024): a Llama whose embeddings, scores, branches and logits have multipliers.</summary>
internal sealed class GraniteFamily : LlamaLikeFamily
{
    public override IReadOnlyList<string> ModelTypes { get; } = ["granite"];

    public override TransformerConfig Read(ConfigReader config) => ReadCommon(config) with
    {
        AttentionScale = config.Real("attention_multiplier") ?? 1, EmbeddingScale = config.Real("embedding_multiplier") ?? 1,
        ResidualScale = config.Real("residual_multiplier") ?? 1, LogitDivisor = config.Real("logits_scaling") ?? 1,
    };

    public override JsonObject Write(TransformerConfig config)
    {
        var json = base.Write(config);
        json.Remove("head_dim"); // its classes divide width by heads
        (json["attention_bias"], json["mlp_bias"]) = (config.QueryKeyValueBias, config.FeedForwardBias);
        (json["attention_multiplier"], json["embedding_multiplier"]) = (config.AttentionScale, config.EmbeddingScale);
        (json["residual_multiplier"], json["logits_scaling"]) = (config.ResidualScale, config.LogitDivisor);
        return json;
    }

    protected override string ClassName(string modelType) => "Granite";
}
