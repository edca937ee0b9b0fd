using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Policies.Families;
using static TorchSharp.torch;

namespace Rlhf.Policies.Checkpoints;

/// <summary>What a model is for: language modelling, or scoring with so many labels.</summary>
internal readonly record struct ConfigTask(string Name, int Labels);

/// <summary>config.json and generation_config.json of the Hugging Face layout.</summary>
internal static class ConfigFile
{
    public const string Name = "config.json";

    private const string GenerationName = "generation_config.json";

    public static TransformerConfig Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        if (!Directory.Exists(folder)) throw new RlhfException($"{folder}: no such folder; a model is a folder with {Name} and weights");
        if (!File.Exists(path)) throw new RlhfException($"{folder}: holds no {Name}, so it is not a model in the Hugging Face layout");
        WeightFiles.RefusePlaceholders(path);
        var read = Parsed(path, config =>
        {
            if (config.Has("quantization_config")) throw new RlhfException($"{path}: the weights are quantized, which is not supported; use the original model");
            return ModelFamily.Of(config.ModelType, path).Read(config).Validated(path);
        });
        // What ends a text may be said beside it alone: of a chat model it is often more than config.json knows.
        var generation = Path.Combine(folder, GenerationName);
        int[] more = File.Exists(generation) ? Parsed(generation, config => config.Tokens("eos_token_id")) : [];
        int[] ends = [.. read.Eos is { } first ? [first] : (int[])[], .. more.Concat(read.Ends).Where(id => (uint)id < (uint)read.Vocabulary)];
        return ends is [var eos, ..] ? read with { Eos = eos, Ends = [.. ends.Distinct().Skip(1)] } : read;
    }

    private static T Parsed<T>(string path, Func<ConfigReader, T> read)
    {
        try
        {
            using var json = JsonDocument.Parse(SmallFile.ReadBytes(path), new JsonDocumentOptions { MaxDepth = 32, AllowTrailingCommas = true });
            if (json.RootElement.ValueKind != JsonValueKind.Object) throw new RlhfException($"{path}: holds {json.RootElement.ValueKind} where an object is expected");
            return read(new ConfigReader(json.RootElement, path));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new RlhfException($"{path}: not valid JSON: {e.Message}", e);
        }
    }

    public static void Write(string folder, TransformerConfig config, ConfigTask task, ScalarType type, JsonObject? facts)
    {
        var family = ModelFamily.Of(config.Family, Name);
        var json = new JsonObject { ["architectures"] = new JsonArray(family.Architecture(config, task.Name)), ["model_type"] = config.Family };
        foreach (var (key, value) in family.Write(config)) json[key] = value?.DeepClone();
        json["tie_word_embeddings"] = config.TiedHead;
        json["initializer_range"] = config.InitializerRange;
        json["bos_token_id"] = config.Bos;
        json["eos_token_id"] = Ends(config);
        if (config.Pad is not null) json["pad_token_id"] = config.Pad;
        if (task.Labels > 0) WriteLabels(json, task.Labels);
        json["torch_dtype"] = type switch { ScalarType.BFloat16 => "bfloat16", ScalarType.Float16 => "float16", _ => "float32" };
        json["use_cache"] = true;
        json = (JsonObject)WithPoints(json)!;
        foreach (var (key, value) in facts ?? []) json[key] = value?.DeepClone();
        Store(Path.Combine(folder, Name), json);
        if (task.Labels == 0) WriteGeneration(folder, config);
    }

    // 30 as 30.0 where it is a real number: transformers refuses a whole one in its place.
    private static JsonNode? WithPoints(JsonNode? node) => node switch
    {
        JsonObject section => new JsonObject(section.Select(pair => KeyValuePair.Create(pair.Key, WithPoints(pair.Value)))),
        JsonArray list => new JsonArray([.. list.Select(WithPoints)]),
        JsonValue value when value.TryGetValue<double>(out var real) && real == Math.Floor(real) && Math.Abs(real) < 1e15 => JsonNode.Parse(real.ToString("F1", CultureInfo.InvariantCulture)),
        _ => node?.DeepClone(),
    };

    // One label is a score; several are the heads of an ensemble.
    private static void WriteLabels(JsonObject json, int count)
    {
        var names = count == 1 ? ["SCORE"] : Enumerable.Range(1, count).Select(i => $"SCORE_{i}").ToArray();
        json["id2label"] = new JsonObject(names.Select((name, i) => KeyValuePair.Create($"{i}", (JsonNode?)name)));
        json["label2id"] = new JsonObject(names.Select((name, i) => KeyValuePair.Create(name, (JsonNode?)i)));
    }

    // One, or a list where there are more.
    private static JsonNode? Ends(TransformerConfig config) => config.Eos is { } eos && config.Ends.Count > 0 ? new JsonArray([eos, .. config.Ends.Select(id => (JsonNode)id)]) : config.Eos;

    private static void WriteGeneration(string folder, TransformerConfig config)
    {
        var json = new JsonObject { ["_from_model_config"] = true, ["bos_token_id"] = config.Bos, ["eos_token_id"] = Ends(config) };
        if (config.Pad is not null) json["pad_token_id"] = config.Pad;
        Store(Path.Combine(folder, GenerationName), json);
    }

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static void Store(string path, JsonObject json) => File.WriteAllText(path, json.ToJsonString(Indented) + "\n");
}
