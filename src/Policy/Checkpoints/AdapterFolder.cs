using Rlhf.Foundation;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using Rlhf.Policies.TensorFiles;
using Rlhf.Policies.Tokenization.Files;
using static TorchSharp.torch;

namespace Rlhf.Policies.Checkpoints;

/// <summary>Adapters in the PEFT layout: adapter_config.json and adapter_model.safetensors, under the names the modules have there.</summary>
public static class AdapterFolder
{
    private const string WeightFile = "adapter_model.safetensors", PickledFile = "adapter_model.bin";
    private const string Root = "base_model.model.";

    public static bool Holds(string folder) => File.Exists(Path.Combine(folder, AdapterConfig.FileName));

    /// <summary>Writes the adapter of a trunk.</summary>
    /// <param name="score">The head of a score model [K, D], which belongs to what was learned.</param>
    /// <param name="tokenizerFrom">The folder whose tokenizer files go along.</param>
    public static void Save(Transformer trunk, string folder, Tensor? score = null, string? tokenizerFrom = null)
    {
        using var scope = NewDisposeScope();
        var adapter = AdapterOf(trunk);
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var part in adapter.Parts)
        {
            var (down, up) = Names(trunk.Config, part.Module);
            tensors[down] = part.Down.detach();
            tensors[up] = Turned(part.Up.detach(), part.Module, trunk.Config, WeightReader.ByHead).contiguous();
        }

        if (score is not null) tensors[Root + "score.weight"] = score.detach();
        Directory.CreateDirectory(folder);
        SafetensorsFile.Save(Path.Combine(folder, WeightFile), tensors);
        AdapterConfig.Write(folder, adapter, trunk.Config, score is not null);
        if (tokenizerFrom is not null) TokenizerFolder.Carry(tokenizerFrom, folder);
    }

    /// <summary>Gives a model the adapter of a folder; the model's own weights are frozen.</summary>
    public static LoraAdapter Attach(CausalLm model, string folder)
    {
        using var scope = NewDisposeScope();
        var config = AdapterConfig.Read(folder);
        var weights = new AdapterWeights(folder, Load(folder), model.Config, config.Recipe.Rank);
        model.HeadWeight.requires_grad = false;
        var adapter = LoraAdapter.Attach(model.Trunk, config.Recipe, config.BaseModel, weights.Modules, (module, weight) => weights.Take(module, weight));
        weights.RefuseLeftovers();
        return adapter;
    }

    /// <summary>Replaces the numbers of a model's adapter by those <see cref="Save"/> wrote for the same modules.</summary>
    public static void Restore(Transformer trunk, string folder)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var adapter = AdapterOf(trunk);
        var weights = new AdapterWeights(folder, Load(folder), trunk.Config, adapter.Recipe.Rank);
        foreach (var part in adapter.Parts)
        {
            var (down, up) = weights.Take(part.Module, part.Down);
            part.Down.copy_(down);
            part.Up.copy_(up);
        }

        weights.RefuseLeftovers();
    }

    /// <summary>The base model that a folder's adapter names, with the adapter merged into its weights.</summary>
    internal static CausalLm LoadMerged(string folder, Device device, ScalarType? type)
    {
        using var model = ModelFolder.Load(BaseOf(folder), device, type);
        Attach(model, folder);
        return LoraAdapter.Merged(model);
    }

    /// <summary>Where the base model of an adapter is: a folder, absolute, or as seen from here or from the adapter.</summary>
    public static string BaseOf(string folder)
    {
        var name = AdapterConfig.Read(folder).BaseModel;
        string[] places = [name, Path.Combine(folder, name)];
        return name.Length > 0 && Array.Find(places, Directory.Exists) is { } found && !Holds(found) ? found
            : throw new RlhfException($"{folder}: is an adapter for '{name}', which is no folder of a model here; download that model and write its folder into base_model_name_or_path of {AdapterConfig.FileName}");
    }

    internal static (string Down, string Up) Names(TransformerConfig config, ModulePart module)
    {
        var name = $"{Root}{ModelFamily.Of(config.Family, "model").Prefix}{module.CheckpointName}";
        return ($"{name}.lora_A.weight", $"{name}.lora_B.weight");
    }

    /// <summary>B's rows from our order to the checkpoint's, or back.</summary>
    internal static Tensor Turned(Tensor up, ModulePart module, TransformerConfig config, Func<Tensor, TransformerConfig, Tensor> turn) =>
        module.Layout == WeightLayout.HeadByHead ? turn(up, config) : up;

    private static LoraAdapter AdapterOf(Transformer trunk) => trunk.Adapter ?? throw new InvalidOperationException("the model has no adapter");

    private static Dictionary<string, Tensor> Load(string folder)
    {
        var file = Array.Find([Path.Combine(folder, WeightFile), Path.Combine(folder, PickledFile)], File.Exists)
            ?? throw new RlhfException($"{folder}: holds {AdapterConfig.FileName} but no {WeightFile}; download it too");
        return WeightFiles.LoadFile(file);
    }
}
