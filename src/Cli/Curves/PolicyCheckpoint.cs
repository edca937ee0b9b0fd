using System.Text;
using Rlhf.Foundation;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using Rlhf.Policies.Training;
using static TorchSharp.torch;

namespace Rlhf.Cli.Curves;

/// <summary>A policy as some step of a run left it.</summary>
/// <param name="Folder">Of the checkpoint, with its manifest.</param>
/// <param name="Model">The model's place in it: a folder in the Hugging Face or PEFT layout, or a file of the weights that were trained.</param>
/// <param name="ShapedAs">Folder of a model that such a file's weights belong into.</param>
/// <param name="Lora">The adapters on it that they are, where they are that.</param>
internal sealed record PolicyCheckpoint(string Run, string Algorithm, long Step, long Episodes, string Folder, string Model, string ShapedAs, LoraRecipe Lora)
{
    /// <summary>Stands for the weights: their checksums in the manifest, and those of the model that adapters belong on.</summary>
    public string Identity => IdentityOf(Folder, Model) + (Lora.IsOn && !IsModelFolder ? IdentityOf(Shape()) : "");

    private bool IsModelFolder => Directory.Exists(Path.Combine(Folder, Model));

    /// <summary>What a folder's files come to: their checksums, from its manifest where it has one; with an adapter its base's as well.</summary>
    /// <param name="part">Only what stands under this path in it.</param>
    public static string IdentityOf(string folder, string part = "")
    {
        var manifest = File.Exists(Path.Combine(folder, CheckpointManifest.FileName))
            ? CheckpointManifest.Read(folder)
            : CheckpointManifest.Of(folder, 0, new Dictionary<string, long>(), 0);
        var text = new StringBuilder();
        foreach (var file in manifest.Files.Where(file => file.Path.StartsWith(part, StringComparison.Ordinal))) text.Append($"{file.Path} {file.Sha256}\n");
        var model = Path.Combine(folder, part);
        if (AdapterFolder.Holds(model)) text.Append(IdentityOf(AdapterFolder.BaseOf(model)));
        return text.ToString();
    }

    /// <exception cref="RlhfException">A file is missing, or is not what the manifest says.</exception>
    public CausalLm Load(Device device, ScalarType type)
    {
        CheckpointManifest.ReadVerified(Folder);
        var path = Path.Combine(Folder, Model);
        if (IsModelFolder) return ModelFolder.Load(path, device, type);
        var model = ModelFolder.Load(Shape(), device, type);
        if (Lora.IsOn) LoraAdapter.Attach(model, Lora, 0, ShapedAs);
        LearnedWeights.Load(model, path);
        return model;
    }

    // The weights of a run whose final model is yet to come have their shape from what it started from.
    private string Shape() => Directory.Exists(ShapedAs) ? ShapedAs
        : throw new RlhfException($"{Folder}: its model's shape is unknown, because {ShapedAs} is not there; finish the run, or run from the folder that its recipe's paths are meant from");
}
