using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Foundation;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Sft;
using Rlhf.Policies.Tokenization;
using TorchSharp;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf sft</c>: trains a language model on texts.</summary>
internal static class SftCommand
{
    private static readonly StageCommand<SftRecipe> s_stage = new(StageNames.Sft, "Trains a language model on texts, prompts with completions, or dialogues.")
    {
        Examples = ["rlhf sft recipe.yaml", "rlhf sft out=runs/mine sft.model=models/gpt2 sft.data=texts.jsonl sft.epochs=2"],
        Given = recipe => recipe.Sft,
        Completed = Completed,
        Decisive = (recipe, section) => recipe.Common() with { Sft = section },
        Check = Check,
        Memory = Foresight.Of,
        Advice = (recipe, section) => MemoryAdvice.ForTraining(recipe, StageNames.Sft, section.MicroBatchTokens, section.GradientCheckpointing, section.Model.Length > 0 ? section.Lora : null),
        Work = Train,
    };

    public static Command Create() => s_stage.AsCommand();

    public static PipelineStage AsPart() => s_stage.AsPart();

    private static SftRecipe Completed(Recipe recipe, SftRecipe section) => section.Tokenizer.Length > 0 ? section
        : section with { Tokenizer = section.Model.Length > 0 ? section.Model : Stage.Final(recipe, StageNames.Tokenizer) };

    private static void Check(Recipe recipe, SftRecipe section, CommandContext context)
    {
        if (section.Model.Length > 0) Stage.WantFolder(section.Model, "sft.model");
        Stage.WantFolder(section.Tokenizer, "sft.tokenizer");
        Stage.WantFile(section.Data, "sft.data");
        if (section.EvalData is { } other) Stage.WantFile(other, "sft.eval_data");
    }

    private static void Train(StageWork<SftRecipe> work)
    {
        var (section, seed, run) = (work.Section, work.Recipe.Seed, work.Run);
        var tokenizer = TextTokenizer.Load(section.Tokenizer);
        using var model = Model(section, tokenizer, seed, work.Machine);
        tokenizer.WantFit(model.Config.Vocabulary);
        var longest = Math.Min(section.MaxLength, model.Config.Context);
        var rows = new SftRows(tokenizer, section with { MaxLength = longest });
        var (learned, heldOut) = Split(section, rows, (ulong)seed);
        if (section.Keep == Kept.Best && heldOut.Count == 0) throw new RlhfException($"sft.keep: best needs rows to evaluate on, and of {learned.Count} rows eval_share {section.EvalShare} holds none out; give sft.eval_data or a larger share");
        void Save(string folder) => ModelFolder.Save(model, folder, new SaveOptions { TokenizerFrom = section.Tokenizer });
        var trainer = new SftTrainer(section, model, section.Packing ? Packing.Pack(learned, longest) : learned, heldOut, tokenizer.PadOrEos, (ulong)seed)
        {
            Sampler = new SftSampler(section, model, tokenizer, heldOut.Count > 0 ? heldOut : learned, (ulong)seed),
            SaveModel = Save,
        };
        trainer.Train(run);
        run.Finish(trainer.Steps, section.Keep == Kept.Best ? folder => CopyModel(run.BestFolder, folder) : Save);
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
}
