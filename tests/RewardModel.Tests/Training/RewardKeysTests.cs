using System.Security.Cryptography;
using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Training;

namespace Rlhf.Rewards.Tests.Training;

/// <summary>No knob that nothing reads: changing a key changes what a short stage leaves behind.</summary>
public sealed class RewardKeysTests : IDisposable
{
    private readonly RewardWorld world = new();
    private int runs;

    public void Dispose() => world.Dispose();

    [Theory]
    [InlineData("data=@turned.jsonl")]
    [InlineData("eval_data=@turned.jsonl")]
    [InlineData("eval_share=0.6")]
    [InlineData("columns.prompt=asked")]
    [InlineData("columns.chosen=better")]
    [InlineData("columns.rejected=worse")]
    [InlineData("columns.margin=gap")]
    [InlineData("columns.chosen_score=points")]
    [InlineData("columns.rejected_score=minus")]
    [InlineData("chat_template=chatml", "columns.prompt=turns")]
    [InlineData("on_defect=error", "data=@broken.jsonl")]
    [InlineData("max_length=24")]
    [InlineData("over_long=drop", "max_length=24")]
    [InlineData("heads=2")]
    [InlineData("seeds=2")]
    [InlineData("ensemble.combine=minimum", "heads=3")]
    [InlineData("ensemble.combine=mean_minus_deviation", "heads=3")]
    [InlineData("ensemble.deviation_weight=3", "heads=3", "ensemble.combine=mean_minus_deviation")]
    [InlineData("ensemble.variance_weight=3", "heads=3", "ensemble.combine=mean_minus_variance")]
    [InlineData("loss.margin_weight=0")]
    [InlineData("loss.centering=0")]
    [InlineData("loss.label_smoothing=0.2")]
    [InlineData("epochs=2")]
    [InlineData("batch_size=4")]
    [InlineData("optimizer.learning_rate=1e-3")]
    [InlineData("optimizer.schedule=cosine")]
    [InlineData("optimizer.warmup_steps=3")]
    [InlineData("optimizer.final_share=0.5")]
    [InlineData("optimizer.beta1=0.5")]
    [InlineData("optimizer.beta2=0.5")]
    [InlineData("optimizer.epsilon=1e-2")]
    [InlineData("optimizer.weight_decay=0.5")]
    [InlineData("optimizer.max_gradient_norm=0.01")]
    [InlineData("lora.rank=2")]
    [InlineData("lora.alpha=4", "lora.rank=2")]
    [InlineData("lora.targets=[c_attn]", "lora.rank=2")]
    [InlineData("eval_every=0")]
    [InlineData("patience=1", "eval_every=1", "eval_data=@turned.jsonl")]
    [InlineData("normalization.policy=@model")]
    [InlineData("normalization.prompts=@prompts.jsonl", "normalization.policy=@model")]
    [InlineData("normalization.samples=9", "normalization.policy=@model")]
    [InlineData("normalization.samples=9")]
    [InlineData("normalization.sampling.max_new_tokens=3", "normalization.policy=@model")]
    [InlineData("normalization.sampling.temperature=0.5", "normalization.policy=@model")]
    [InlineData("columns.text=other_text", "learn_from=labels", "data=@labels.jsonl")]
    [InlineData("columns.label=other_label", "learn_from=labels", "data=@labels.jsonl")]
    public void Run_WithAnotherValue_LeavesOtherResults(string key, params string[] given) =>
        Assert.NotEqual(Results(given), Results([.. given, key]));

    [Fact]
    public void Run_Again_LeavesTheSameResults() => Assert.Equal(Results([]), Results([]));

    [Theory]
    [InlineData("normalization.prompts=p.jsonl", "normalization.policy")]
    [InlineData("eval_share=0", "eval_share")]
    [InlineData("patience=2", "patience", "eval_every=0")]
    public void Bind_KeysThatContradictEachOther_IsRefusedWithTheKeyToChange(string key, string named, params string[] given)
    {
        var error = Assert.Throws<RlhfException>(() => RecipeBinder.Bind<RewardRecipe>("{model: m, data: d.jsonl}", "recipe.yaml", [key, .. given]));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Metrics, report, scales and weights, as text; the message where the stage is refused.</summary>
    private string Results(string[] overrides)
    {
        var recipe = RecipeBinder.Bind<RewardRecipe>("{epochs: 1, batch_size: 8, eval_every: 2, eval_share: 0.3}", "base.yaml",
            [.. new[] { "model=@model", "data=@pairs.jsonl", "optimizer.learning_rate=1e-2", "optimizer.warmup_steps=0" }.Concat(overrides).Select(Placed)]);
        var name = $"run-{runs++}";
        try
        {
            world.Train(name, recipe);
        }
        catch (RlhfException error)
        {
            return error.Message;
        }

        var final = world.Final(name);
        var weights = final.Where(file => file.Key.EndsWith(".safetensors", StringComparison.Ordinal)).Select(file => $"{file.Key} {Convert.ToHexString(SHA256.HashData(file.Value))}");
        using var ensemble = RewardFolder.Load(world.At(name, "final"), TorchSharp.torch.CPU);
        var scales = ensemble.Models.SelectMany(model => model.Scales).Append(ensemble.Scale).Select(scale => scale.ToString());
        var texts = new[] { "metrics.jsonl", "trust.json" }.Select(file => world.At(name, file)).Where(File.Exists).Select(File.ReadAllText);
        return string.Join('\n', texts.Concat(scales).Concat(weights));
    }

    private string Placed(string setting) =>
        setting.Split('=', 2) is [var key, ['@', .. var file]] ? $"{key}={world.At(file)}" : setting;
}
