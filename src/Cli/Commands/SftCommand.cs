using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Foundation;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using Rlhf.Policies.Sft;
using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Training;
using TorchSharp;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf sft</c>: trains a language model on texts.</summary>
internal static class SftCommand
{
    public const string StageName = "sft";

    public static Command Create() => Command.For<Recipe>("sft", "Trains a language model on texts, prompts with completions, or dialogues.", Run, Foresee) with
    {
        Sections = [StageName],
        Interruption = Interruption.AfterCheckpoint,
        Examples = ["rlhf sft recipe.yaml", "rlhf sft out=runs/mine sft.model=models/gpt2 sft.data=texts.jsonl sft.epochs=2"],
    };

    public static int Run(Recipe recipe, CommandContext context)
    {
        Check(recipe, context);
        var section = Section(recipe);
        using var machine = Machine.Of(recipe);
        using var run = Stage.Open(Decisive(recipe), StageName, context, machine);
        if (run.IsFinished) return Stage.SayFinished(run, context);
        var tokenizer = TextTokenizer.Load(section.Tokenizer);
        using var model = Model(section, tokenizer, recipe.Seed, machine);
        tokenizer.WantFit(model.Config.Vocabulary);
        var longest = Math.Min(section.MaxLength, model.Config.Context);
        var rows = new SftRows(tokenizer, section with { MaxLength = longest });
        var (learned, heldOut) = Split(section, rows, (ulong)recipe.Seed);
        if (section.Keep == Kept.Best && heldOut.Count == 0) throw new RlhfException($"sft.keep: best needs rows to evaluate on, and of {learned.Count} rows eval_share {section.EvalShare} holds none out; give sft.eval_data or a larger share");
        void Save(string folder) => ModelFolder.Save(model, folder, new SaveOptions { TokenizerFrom = section.Tokenizer });
        var trainer = new SftTrainer(section, model, section.Packing ? Packing.Pack(learned, longest) : learned, heldOut, tokenizer.PadOrEos, (ulong)recipe.Seed)
        {
            Sampler = new SftSampler(section, model, tokenizer, heldOut.Count > 0 ? heldOut : learned, (ulong)recipe.Seed),
            SaveModel = Save,
        };
        trainer.Train(run);
        run.Finish(trainer.Steps, section.Keep == Kept.Best ? folder => CopyModel(run.BestFolder, folder) : Save);
        return Stage.SayFinished(run, context);
    }

    /// <summary>What of a recipe decides this stage's run.</summary>
    public static Recipe Decisive(Recipe recipe) => recipe.Common() with { Sft = Section(recipe) };

    public static void Check(Recipe recipe, CommandContext context)
    {
        var section = Section(recipe);
        if (section.Model.Length > 0) Stage.WantFolder(section.Model, "sft.model");
        Stage.WantFolder(section.Tokenizer, "sft.tokenizer");
        Stage.WantFile(section.Data, "sft.data");
        if (section.EvalData is { } other) Stage.WantFile(other, "sft.eval_data");
    }

    public static void Foresee(Recipe recipe, CommandContext context)
    {
        Check(recipe, context);
        Foresight.Of(recipe, Section(recipe), context);
    }

    private static CausalLm Model(SftRecipe section, TextTokenizer tokenizer, long seed, Machine machine)
    {
        if (section.Model.Length > 0) return Trained(section, seed, machine);
        var shape = section.FromScratch;
        var config = TransformerConfig.Gpt2(tokenizer.VocabularySize, shape.Width, shape.Layers, shape.Heads, shape.Context) with { Bos = tokenizer.Bos, Eos = tokenizer.Eos, Pad = tokenizer.Pad };
        var model = CausalLm.Create(config, seed);
        return model.to(machine.Device);
    }

    private static CausalLm Trained(SftRecipe section, long seed, Machine machine)
    {
        var model = ModelFolder.Load(section.Model, machine.Device, machine.Type);
        if (section.Lora.IsOn) LoraAdapter.Attach(model, section.Lora, seed, section.Model);
        return model;
    }

    private static (IReadOnlyList<SftExample> Learned, IReadOnlyList<SftExample> HeldOut) Split(SftRecipe section, SftRows rows, ulong seed)
    {
        var all = rows.Read(section.Data);
        if (section.EvalData is { } other) return (all, rows.Read(other));
        var held = (int)(section.EvalShare * all.Count);
        var order = CounterShuffle.Permutation(all.Count, seed, -1);
        return ([.. order.Skip(held).Order().Select(i => all[i])], [.. order.Take(held).Order().Select(i => all[i])]);
    }

    private static void CopyModel(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            if (Path.GetFileName(file) != CheckpointManifest.FileName) File.Copy(file, target);
        }
    }

    private static SftRecipe Section(Recipe recipe)
    {
        if (recipe.Sft is not { } section) throw new WrongUsageException("the recipe has no section sft; see rlhf sft --help");
        if (section.Tokenizer.Length > 0) return section;
        return section with { Tokenizer = section.Model.Length > 0 ? section.Model : Stage.Final(recipe, "tokenizer") };
    }
}
