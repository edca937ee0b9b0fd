using System.Text.Json.Nodes;

namespace Rlhf.Policies.Families;

/// <summary>OLMo 2 (2025): norms behind attention and feed-forward, and of queries and keys over their whole width.</summary>
internal sealed class Olmo2Family : LlamaLikeFamily
{
    public override IReadOnlyList<string> ModelTypes { get; } = ["olmo2"];

    public override TransformerConfig Read(ConfigReader config) =>
        ReadCommon(config) with { NormPlacement = NormPlacement.Behind, QueryKeyNorm = QueryKeyNorm.Whole, FeedForwardBias = false, NormEpsilon = config.Real("rms_norm_eps") ?? 1e-5 };

    public override JsonObject Write(TransformerConfig config)
    {
        var json = base.Write(config);
        json.Remove("head_dim"); // its classes divide width by heads
        json["attention_bias"] = config.QueryKeyValueBias;
        return json;
    }

    protected override string ClassName(string modelType) => "Olmo2";
}
