using Rlhf.Foundation;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Sft;

/// <summary>The whole of supervised fine-tuning: tokenizer and model, rows, training, final folder.</summary>
/// <param name="recipe">names a tokenizer, or a model that has one</param>
/// <param name="type">the number type that the model computes with</param>
public sealed class SftStage(SftRecipe recipe, long seed, Device device, ScalarType type)
{
    /// <summary>Trains to the end and fills final/.</summary>
    /// <exception cref="InterruptedException">A stop was asked for; a checkpoint is on disk.</exception>
    public void Run(Run run)
    {
        var tokenizerFolder = recipe.Tokenizer.Length > 0 ? recipe.Tokenizer : recipe.Model;
        var tokenizer = TextTokenizer.Load(tokenizerFolder);
        using var model = Model(tokenizer);
        tokenizer.WantFit(model.Config.Vocabulary);
        var longest = Math.Min(recipe.MaxLength, model.Config.Context);
        var (learned, heldOut) = Split(new SftRows(tokenizer, recipe with { MaxLength = longest }));
        if (recipe.Keep == Kept.Best && heldOut.Count == 0) throw new RlhfException($"sft.keep: best needs rows to evaluate on, and of {learned.Count} rows eval_share {recipe.EvalShare} holds none out; give sft.eval_data or a larger share");
        void Save(string folder) => ModelFolder.Save(model, folder, new SaveOptions { TokenizerFrom = tokenizerFolder });
        var trainer = new SftTrainer(recipe, model, recipe.Packing ? Packing.Pack(learned, longest) : learned, heldOut, tokenizer.PadOrEos, (ulong)seed)
        {
            Sampler = new SftSampler(recipe, model, tokenizer, heldOut.Count > 0 ? heldOut : learned, (ulong)seed),
            SaveModel = Save,
        };
        trainer.Train(run);
        run.Finish(trainer.Steps, recipe.Keep == Kept.Best ? folder => CopyModel(run.BestFolder, folder) : Save);
    }

    private CausalLm Model(TextTokenizer tokenizer)
    {
        if (recipe.Model.Length > 0) return Trained();
        var shape = recipe.FromScratch;
        var config = TransformerConfig.Gpt2(tokenizer.VocabularySize, shape.Width, shape.Layers, shape.Heads, shape.Context) with { Bos = tokenizer.Bos, Eos = tokenizer.Eos, Pad = tokenizer.Pad };
        return CausalLm.Create(config, seed).to(device, type);
    }

    private CausalLm Trained()
    {
        var model = ModelFolder.Load(recipe.Model, device, type);
        if (recipe.Lora.IsOn) LoraAdapter.Attach(model, recipe.Lora, seed, recipe.Model);
        return model;
    }

    private (IReadOnlyList<SftExample> Learned, IReadOnlyList<SftExample> HeldOut) Split(SftRows rows)
    {
        var all = rows.Read(recipe.Data);
        if (recipe.EvalData is { } other) return (all, rows.Read(other));
        var held = (int)(recipe.EvalShare * all.Count);
        var order = CounterShuffle.Permutation(all.Count, (ulong)seed, -1);
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
