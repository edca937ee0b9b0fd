using System.Text.Json.Nodes;

namespace Rlhf.Policies.Families;

/// <summary>Llama (Touvron et al. 2023), SmolLM2, and Mistral (Jiang et al. 2023), whose window holds for every layer.</summary>
internal sealed class LlamaFamily : LlamaLikeFamily
{
    public override IReadOnlyList<string> ModelTypes { get; } = ["llama", "mistral"];

    public override TransformerConfig Read(ConfigReader config)
    {
        var model = ReadCommon(config);
        return config.ModelType == "mistral" ? WithWindow(model, config, config.OptionalNumber("sliding_window"), null) : model;
    }

    public override JsonObject Write(TransformerConfig config)
    {
        var json = base.Write(config);
        if (config.Family == "mistral") json["sliding_window"] = config.SlidingWindow;
        else (json["attention_bias"], json["mlp_bias"]) = (config.QueryKeyValueBias, config.FeedForwardBias);
        return json;
    }

    protected override string ClassName(string modelType) => modelType == "mistral" ? "Mistral" : "Llama";
}
