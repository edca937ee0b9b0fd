using System.Text.Json.Nodes;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization.Files;
using static TorchSharp.torch;

namespace Rlhf.Policies.Checkpoints;

/// <summary>How a model is written.</summary>
public sealed record SaveOptions
{
    /// <summary>The type of the stored weights; null keeps the model's.</summary>
    public ScalarType? Type { get; init; }

    /// <summary>A folder whose tokenizer files are carried along.</summary>
    public string? TokenizerFrom { get; init; }

    /// <summary>Further keys of config.json, such as what a model was trained on.</summary>
    public JsonObject? Facts { get; init; }

    /// <summary>Weights beyond this are split into several files.</summary>
    public long MaxShardBytes { get; init; } = 5_000_000_000;
}

/// <summary>Models in the Hugging Face layout: config.json, weights, tokenizer files.</summary>
public static class ModelFolder
{
    internal const string LanguageModel = "CausalLM";
    internal const string ScoreModel = "SequenceClassification";

    /// <summary>Where a model with an adapter has it, in the PEFT layout; the weights of the folder itself hold it merged.</summary>
    public const string AdapterName = "adapter";

    /// <summary>The configuration of a model; for an adapter that of its base.</summary>
    public static TransformerConfig ReadConfig(string folder) => ConfigFile.Read(AdapterFolder.Holds(folder) ? AdapterFolder.BaseOf(folder) : folder);

    /// <summary>A file or folder with the folders that loading it reads as well: the members of an ensemble, the base of an adapter.</summary>
    public static IEnumerable<string> WithModelsInside(string path)
    {
        yield return path;
        if (!Directory.Exists(path)) yield break;
        foreach (var member in Directory.GetDirectories(path).Order(StringComparer.Ordinal).Where(inner => File.Exists(Path.Combine(inner, ConfigFile.Name)))) yield return member;
        if (AdapterFolder.Holds(path)) yield return AdapterFolder.BaseOf(path);
    }

    /// <summary>Loads a language model with weights of the given type, float32 unless told otherwise; an adapter comes with its base, merged.</summary>
    public static CausalLm Load(string folder, Device device, ScalarType? type = null)
    {
        if (AdapterFolder.Holds(folder)) return AdapterFolder.LoadMerged(folder, device, type);
        using var scope = NewDisposeScope();
        var config = ConfigFile.Read(folder);
        var reader = new WeightReader(config, folder, WeightFiles.Load(folder), device, type ?? ScalarType.Float32);
        return new CausalLm(config, (name, shape) => name == CausalLm.HeadName
            ? reader.Head(reader.HeadName, shape)
            : reader.Trunk(name[CausalLm.TrunkPrefix.Length..], shape));
    }

    /// <summary>Loads the trunk of a language or score model, and the score heads [K, D] where there are any.</summary>
    internal static ScoredTrunk LoadTrunk(string folder, Device device, ScalarType? type = null)
    {
        using var scope = NewDisposeScope();
        var config = ConfigFile.Read(folder);
        var reader = new WeightReader(config, folder, WeightFiles.Load(folder), device, type ?? ScalarType.Float32);
        var score = reader.OptionalScore("score.weight", config.Width);
        return new ScoredTrunk(new Transformer(config, reader.Trunk), score?.DetachFromDisposeScope());
    }

    /// <summary>Writes the folder whole or not at all; what another save left there is replaced.</summary>
    public static void Save(CausalLm model, string folder, SaveOptions? options = null)
    {
        using var scope = NewDisposeScope();
        var tensors = WeightWriter.Tensors(model.Trunk);
        if (!model.Config.TiedHead) tensors[ModelFamily.Of(model.Config.Family, folder).HeadName] = model.HeadWeight.detach();
        Write(folder, model.Config, new ConfigTask(LanguageModel, 0), tensors, options ?? new SaveOptions(), AdapterOf(model.Trunk, null, options));
    }

    /// <summary>Writes a trunk with a score head [K, D], as *ForSequenceClassification with K labels.</summary>
    public static void SaveTrunk(Transformer trunk, Tensor score, string folder, SaveOptions? options = null)
    {
        using var scope = NewDisposeScope();
        var tensors = WeightWriter.Tensors(trunk);
        tensors["score.weight"] = score.detach();
        Write(folder, trunk.Config, new ConfigTask(ScoreModel, (int)score.shape[0]), tensors, options ?? new SaveOptions(), AdapterOf(trunk, score, options));
    }

    private static Action<string> AdapterOf(Transformer trunk, Tensor? score, SaveOptions? options) => folder =>
    {
        if (trunk.Adapter is not null) AdapterFolder.Save(trunk, Path.Combine(folder, AdapterName), score, options?.TokenizerFrom);
    };

    private static void Write(string folder, TransformerConfig config, ConfigTask task, Dictionary<string, Tensor> tensors, SaveOptions options, Action<string> adapter)
    {
        var type = options.Type ?? tensors.Values.First().dtype;
        FolderSwap.Replace(folder, staging =>
        {
            ConfigFile.Write(staging, config, task, type, options.Facts);
            WeightWriter.Write(staging, tensors, type, options.MaxShardBytes);
            adapter(staging);
            if (options.TokenizerFrom is { } origin) TokenizerFolder.Carry(origin, staging);
        });
    }
}
