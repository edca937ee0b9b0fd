using System.Globalization;
using Rlhf.Cli.Shell;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Runs;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Tokenization;

namespace Rlhf.Cli.Stages;

/// <summary>What all stages do alike: open their run, say where results are, look for their inputs.</summary>
internal static class Stage
{
    /// <summary><c>runs/demo/ppo</c>.</summary>
    public static string Folder(Recipe recipe, string stage) => Path.Combine(recipe.Folder, stage);

    /// <summary>The model, tokenizer or table a finished stage leaves.</summary>
    public static string Final(Recipe recipe, string stage) => Path.Combine(Folder(recipe, stage), "final");

    /// <param name="decisive">The common keys and the sections this stage reads, with every path it reads from: a change to another stage's section is no other run.</param>
    public static Run Open(Recipe decisive, string stage, CommandContext context, Machine machine) => Run.Open(Folder(decisive, stage), decisive, stage, new RunOptions
    {
        Resume = decisive.Resume,
        SaveEvery = decisive.SaveEvery,
        Retention = new Retention(decisive.KeepLast, decisive.KeepEvery),
        Progress = context.Progress,
        Stop = context.Stop,
        Inputs = Inputs(decisive),
        Job = machine.Job,
        Environment = Facts(decisive, machine),
        Trackers = decisive.Track.Starts(),
    });

    /// <summary>Every file and folder that a recipe is made from, with the models inside.</summary>
    public static IReadOnlyList<string> Inputs(Recipe decisive) => [.. RecipeInputs.Of(decisive).SelectMany(ModelFolder.WithModelsInside).Distinct()];

    /// <summary>Prints where a finished stage left its result.</summary>
    public static int SayFinished(Run run, CommandContext context)
    {
        context.Progress.End();
        context.Progress.Note($"{run.Stage}: done, in {run.FinalFolder}");
        return 0;
    }

    public static void WantFile(string path, string key)
    {
        if (Directory.Exists(path)) throw new RlhfException($"{key}: {path}: is a folder; expected a file");
        if (!File.Exists(path)) throw new RlhfException($"{key}: {path}: no such file (looked from {Directory.GetCurrentDirectory()}); scripts/download.sh fetches data sets of the hub");
    }

    public static void WantFolder(string path, string key)
    {
        if (!Directory.Exists(path)) throw new MissingFolderException(path, $"{key}: {path}: no such folder (looked from {Directory.GetCurrentDirectory()}); scripts/download.sh fetches models, and an earlier stage of the recipe may have to run first");
    }

    /// <summary>Refuses a tokenizer whose ids the model has no rows for.</summary>
    public static void WantFit(string tokenizer, TransformerConfig model) => TextTokenizer.Load(tokenizer).WantFit(model.Vocabulary);

    /// <summary>Writes to a place that a key names; one that cannot be written is said by both.</summary>
    public static void Write(string path, string key, Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException && !Durable.IsDiskFull(error))
        {
            throw new RlhfException($"{key}: {path}: cannot be written ({error.Message.TrimEnd('.')}); choose another place", error);
        }
    }

    private static Dictionary<string, string> Facts(Recipe recipe, Machine machine) => new()
    {
        ["libtorch"] = Libtorch.Version.ToString(),
        ["device"] = machine.Device.ToString(),
        ["gpu"] = machine.Device.type == TorchSharp.DeviceType.CUDA ? CudaDevice.Name(machine.Device.index) ?? "unknown" : "none",
        ["products"] = TensorFloat32.IsUsed(machine.Device, machine.Type) ? "tf32" : machine.Type.ToString().ToLowerInvariant(),
        ["ranks"] = machine.Job.Size.ToString(CultureInfo.InvariantCulture),
        // libtorch and the kernels choose their code by the processor, so another one may round otherwise.
        ["processor_model"] = Processor.Model,
        ["vectors"] = Processor.Vectors,
        ["kernels"] = KernelRule.IsOn ? "on" : "off",
        ["threads"] = TorchSharp.torch.get_num_threads().ToString(CultureInfo.InvariantCulture),
        ["seed"] = recipe.Seed.ToString(CultureInfo.InvariantCulture),
    };
}

/// <summary>A folder that a stage starts from is not there.</summary>
internal sealed class MissingFolderException(string folder, string message) : RlhfException(message)
{
    public string Folder { get; } = folder;
}
