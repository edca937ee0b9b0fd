using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;

namespace Rlhf.Policies.Checkpoints;

/// <summary>adapter_config.json of the PEFT layout.</summary>
internal sealed record AdapterConfig(LoraRecipe Recipe, string BaseModel)
{
    public const string FileName = "adapter_config.json";

    private static readonly string[] MustBeEmpty = ["rank_pattern", "alpha_pattern"];

    public static AdapterConfig Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            using var json = JsonDocument.Parse(SmallFile.ReadBytes(path), new JsonDocumentOptions { MaxDepth = 32 });
            if (json.RootElement.ValueKind != JsonValueKind.Object) throw new RlhfException($"{path}: holds {json.RootElement.ValueKind} where an object is expected");
            var config = new ConfigReader(json.RootElement, path);
            if (config.Text("peft_type") is var kind && kind != "LORA") throw new RlhfException($"{path}: peft_type is '{kind}'; only LORA is supported");
            config.Demand("use_dora", false);
            config.Demand("use_rslora", false);
            if (config.Text("bias") is { } bias && bias != "none") throw new RlhfException($"{path}: bias is '{bias}', which is not supported; only none is");
            foreach (var key in MustBeEmpty)
            {
                if (json.RootElement.TryGetProperty(key, out var pattern) && pattern.ValueKind == JsonValueKind.Object && pattern.EnumerateObject().Any())
                    throw new RlhfException($"{path}: {key} gives modules ranks or scales of their own, which is not supported");
            }

            var rank = config.Number("r");
            if (rank < 1) throw new RlhfException($"{path}: r is {rank}; at least 1 is expected");
            return new AdapterConfig(new LoraRecipe { Rank = rank, Alpha = config.Real("lora_alpha") ?? throw config.Missing("lora_alpha") }, config.Text("base_model_name_or_path") ?? "");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new RlhfException($"{path}: not valid JSON: {e.Message}", e);
        }
    }

    /// <param name="scored">The model has a score head, which is stored with the adapter.</param>
    public static void Write(string folder, LoraAdapter adapter, TransformerConfig config, bool scored)
    {
        var transposed = LoraModules.All(config).First().Layout == WeightLayout.Transposed;
        var targets = adapter.Recipe.Targets.Count > 0 ? adapter.Recipe.Targets : adapter.Parts.Select(part => part.Module.ShortName).Distinct();
        var json = new JsonObject
        {
            ["base_model_name_or_path"] = adapter.BaseModel, ["bias"] = "none", ["fan_in_fan_out"] = transposed, ["inference_mode"] = true,
            ["init_lora_weights"] = true, ["lora_alpha"] = adapter.Recipe.Alpha, ["lora_dropout"] = 0.0,
            ["modules_to_save"] = scored ? new JsonArray("score") : null, ["peft_type"] = "LORA", ["r"] = adapter.Recipe.Rank,
            ["target_modules"] = new JsonArray([.. targets.Select(target => (JsonNode)target)]), ["task_type"] = scored ? "SEQ_CLS" : "CAUSAL_LM",
        };
        Durable.WriteText(Path.Combine(folder, FileName), json.ToJsonString(JsonText.Indented) + "\n");
    }
}
