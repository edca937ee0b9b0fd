using System.Globalization;
using System.Text.Json;
using Rlhf.Cli.Cards;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Gguf;
using static TorchSharp.torch;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf model</c>: what a model folder holds, and copies of it in another number type.</summary>
internal static class ModelCommand
{
    public static Command Create() => Command.For<ModelRecipe>("model", "Says what a model folder holds, converts its weights, exports it to other programs, or writes its card.", Run, Check) with
    {
        Positionals = ["action", "model", "to"],
        Examples =
        [
            "rlhf model info models/gpt2",
            "rlhf model convert models/gpt2 models/gpt2-bf16 dtype=bfloat16",
            "rlhf model export runs/demo/ppo/final demo.gguf dtype=q8_0",
            "rlhf model card runs/demo/ppo/final card.license=mit card.language=[en]",
            "rlhf model card runs/demo/ppo/final -",
        ],
    };

    private static int Run(ModelRecipe recipe, CommandContext context)
    {
        Check(recipe, context);
        switch (recipe.Action)
        {
            case ModelAction.Convert:
                Convert(recipe);
                break;
            case ModelAction.Export:
                Export(recipe);
                break;
            case ModelAction.Card:
                Card(recipe, context);
                break;
            default:
                Info(recipe, context);
                break;
        }

        return 0;
    }

    private static void Check(ModelRecipe recipe, CommandContext context)
    {
        if (recipe.Model.Length == 0) throw new WrongUsageException("no model given; expected rlhf model info FOLDER");
        if (!Directory.Exists(recipe.Model)) throw new RlhfException($"{recipe.Model}: no such folder; a model is a folder in the Hugging Face layout (config.json, weights, tokenizer files)");
        if (recipe.Action == ModelAction.Convert && recipe.To is null) throw new WrongUsageException("convert writes to another folder: rlhf model convert FROM TO dtype=bfloat16");
        if (recipe is { Action: ModelAction.Convert, Dtype: StoredType.Q8_0 }) throw new WrongUsageException("dtype=q8_0 is for files of GGUF: rlhf model export FROM FILE.gguf dtype=q8_0");
        if (recipe.Action == ModelAction.Export && recipe.To is null) throw new WrongUsageException("export writes a file: rlhf model export FROM FILE.gguf dtype=float16");
        if (recipe is { Action: ModelAction.Export, To: { } file } && Directory.Exists(file)) throw new WrongUsageException($"{file} is a folder; export writes a file: rlhf model export FROM FILE.gguf");
        if (recipe is { Action: ModelAction.Convert, To: { } to }) SamePlace.Refuse(recipe.Model, to);
    }

    private static void Info(ModelRecipe recipe, CommandContext context)
    {
        var config = ModelFolder.ReadConfig(recipe.Model);
        using var model = ModelFolder.Load(recipe.Model, CPU);
        var parameters = model.parameters().Sum(parameter => parameter.numel());
        if (context.Format == OutputFormat.Json)
        {
            context.Output.WriteLine(JsonSerializer.Serialize(new { recipe.Model, Parameters = parameters, Config = config, Memory = MemoryNeed.Of(parameters) }, JsonText.Lines));
            return;
        }

        var output = context.Output;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{recipe.Model}: {config.Family}, {parameters:N0} parameters"));
        output.WriteLine($"  layers {config.Layers}, width {config.Width}, heads {config.Heads} ({config.KeyValueHeads} of keys and values), feed-forward {config.Hidden}");
        output.WriteLine($"  vocabulary {config.Vocabulary}, context {config.Context}, head {(config.TiedHead ? "tied to the embedding" : "of its own")}");
        foreach (var (use, bytes) in MemoryNeed.Of(parameters)) output.WriteLine($"  memory for {use}: about {MemoryEstimate.Text(bytes)}");
    }

    /// <summary>Into the model's folder, or printed; what the user wrote into a card that is there stays.</summary>
    private static void Card(ModelRecipe recipe, CommandContext context)
    {
        var place = recipe.To is { } to and not "-" ? to : Path.Combine(recipe.Model, CardFile.Name);
        var text = ModelCards.Text(recipe.Model, recipe.Card, place);
        if (recipe.To == "-")
        {
            context.Output.Write(text);
            return;
        }

        Stage.Write(place, "to", () => Durable.WriteText(place, text));
        context.Output.WriteLine(place);
    }

    private static void Export(ModelRecipe recipe)
    {
        var type = recipe.Dtype switch { StoredType.Float16 => GgufType.F16, StoredType.Bfloat16 => GgufType.Bf16, StoredType.Q8_0 => GgufType.Q8_0, _ => GgufType.F32 };
        using var model = ModelFolder.Load(recipe.Model, CPU);
        GgufExport.Save(model, recipe.Model, recipe.To!, type);
    }

    private static void Convert(ModelRecipe recipe)
    {
        var type = recipe.Dtype switch { StoredType.Float16 => ScalarType.Float16, StoredType.Bfloat16 => ScalarType.BFloat16, _ => ScalarType.Float32 };
        using var model = ModelFolder.Load(recipe.Model, CPU);
        ModelFolder.Save(model, recipe.To!, new SaveOptions { Type = type, TokenizerFrom = recipe.Model });
    }
}

/// <summary>How much memory a model of so many parameters takes, before activations.</summary>
internal static class MemoryNeed
{
    /// <summary>Training holds weights, gradients and AdamW's two moments in float32; PPO that for policy and critic, and the weights of reference and reward model.</summary>
    public static IReadOnlyDictionary<string, long> Of(long parameters) => new Dictionary<string, long>
    {
        ["inference"] = 4 * parameters,
        ["training"] = 16 * parameters,
        ["ppo"] = (16 + 16 + 4 + 4) * parameters,
    };
}

internal enum ModelAction
{
    Info,
    Convert,
    Export,
    Card,
}

internal enum ExportFormat
{
    Gguf,
}

internal enum StoredType
{
    Float32,
    Float16,
    Bfloat16,
    Q8_0,
}

internal sealed record ModelRecipe
{
    [Describe("info (what a model is), convert (its weights into another folder), export (weights and tokenizer into one file) or card (its README.md, as the hub reads it)")]
    public ModelAction Action { get; init; } = ModelAction.Info;

    [Describe("folder of the model")]
    public string Model { get; init; } = "";

    [Describe("folder to convert into, file to export to, or the card's file (-: print it)")]
    public string? To { get; init; }

    [Describe("number type of the converted weights; q8_0 is for export")]
    public StoredType Dtype { get; init; } = StoredType.Float32;

    [Describe("form of the exported file: gguf, for llama.cpp and what is built on it")]
    public ExportFormat Format { get; init; } = ExportFormat.Gguf;

    [Describe("what the card says that no file tells")]
    public CardFields Card { get; init; } = new();
}
