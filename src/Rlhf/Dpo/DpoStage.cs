using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using static TorchSharp.torch;

namespace Rlhf.Dpo;

/// <summary>The whole of preference optimisation: model, reference, data, training, final folder.</summary>
/// <param name="type">the number type that the models compute with</param>
public sealed class DpoStage(DpoRecipe recipe, long seed, Device device, ScalarType type)
{
    /// <summary>Trains to the end and fills final/.</summary>
    /// <exception cref="InterruptedException">A stop was asked for; a checkpoint is on disk.</exception>
    public void Run(Run run)
    {
        var tokenizer = TextTokenizer.Load(recipe.Model);
        var shape = ModelFolder.ReadConfig(recipe.Model);
        tokenizer.WantFit(shape.Vocabulary);
        var longest = Math.Min(recipe.MaxLength, shape.Context);
        if (recipe.Reference is { } judge) longest = Math.Min(longest, ModelFolder.ReadConfig(judge).Context);
        var data = DpoData.Load(recipe with { MaxLength = longest }, tokenizer);
        if (data.Defects.Total > 0) run.Warn($"{recipe.Data}: {data.Defects}");
        if (data.Truncated > 0) run.Warn($"{data.Truncated} {(recipe.Objective == DpoObjective.Kto ? "replies" : "pairs")} were cut to {longest} tokens");
        if (data.Warning is { } warning) run.Warn(warning);
        var policy = ModelFolder.Load(recipe.Model, device, type);
        if (recipe.Lora.IsOn) LoraAdapter.Attach(policy, recipe.Lora, seed, recipe.Model);
        var reference = recipe.Reference is { } folder ? ModelFolder.Load(folder, device, type) : policy;
        new DpoTrainer(recipe, policy, reference, data.Train, data.HeldOut, (ulong)seed).Train(run, recipe.Model);
    }
}
