using System.Text.Json;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Policies.Checkpoints;
using static TorchSharp.torch;

namespace Rlhf.Cli.Tests.Commands;

/// <summary>From texts to a model that generates, by commands alone.</summary>
public sealed class SftCommandTests : IDisposable
{
    private static readonly string Texts = Path.Combine(TestData.Repository, "data", "world", "sft.parquet");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sft_FromScratch_TrainsTokenizerAndModelThatGenerate()
    {
        Train("sft.from_scratch={width: 32, layers: 1, heads: 2, context: 64}");

        var final = _folder.At("run", "sft", "final");
        Assert.Equal((300, 32, 64), (ModelFolder.ReadConfig(final).Vocabulary, ModelFolder.ReadConfig(final).Width, ModelFolder.ReadConfig(final).Context));
        double[] losses = [.. Lines("metrics.jsonl").Select(line => line.GetProperty("loss").GetDouble())];
        Assert.InRange(losses[0], 5.5, 5.9);          // ln 300 = 5.70
        Assert.True(losses[^1] < losses[0] - 0.5);
        // Two samples every fourth step, and at the end.
        int[] sampled = [.. Enumerable.Range(1, losses.Length).Where(step => step % 4 == 0 || step == losses.Length)];
        Assert.Equal(sampled.SelectMany(step => new[] { step, step }), Lines("samples.jsonl").Select(line => line.GetProperty("step").GetInt32()));
        Assert.True(File.Exists(_folder.At("run", "sft", "best", "model.safetensors")));

        var generated = InProcess.Run("generate", $"model={final}", "prompt=The", "temperature=0", "max_new_tokens=4", "--json");
        Assert.Equal(0, generated.Code);
        Assert.InRange(JsonDocument.Parse(generated.Output).RootElement.GetProperty("tokens").GetArrayLength(), 1, 4);
    }

    [Fact]
    public void Sft_LoraOnATrainedModel_LeavesItMergedWithTheAdapterBeside()
    {
        Train("sft.from_scratch={width: 32, layers: 1, heads: 2, context: 64}");
        var start = _folder.At("run", "sft", "final");
        var ending = InProcess.Run("sft", $"out={_folder.At("lora")}", $"sft.model={start}", $"sft.data={Texts}", "sft.epochs=0.01", "sft.lora={rank: 2, targets: [c_attn]}", "sft.packing=true", "sft.keep=best");
        Assert.True(ending.Code == 0, ending.Error);

        var final = _folder.At("lora", "sft", "final");
        using var merged = ModelFolder.Load(final, CPU);
        using var alone = ModelFolder.Load(Path.Combine(final, ModelFolder.AdapterName), CPU);
        foreach (var ((name, one), (_, other)) in merged.named_parameters().Zip(alone.named_parameters())) Assert.True(one.IsSame(other), name);
        using var before = ModelFolder.Load(start, CPU);
        var changed = before.named_parameters().Zip(merged.named_parameters()).Where(pair => !pair.First.parameter.IsSame(pair.Second.parameter)).Select(pair => pair.First.name);
        Assert.Equal(["trunk.blocks.0.attention.qkv.weight"], changed);
    }

    [Theory]
    [InlineData("sft.lora.rank=4", "sft.lora: found rank 4 without a model; adapters go onto a trained one")]
    [InlineData("sft.from_scratch.heads=3", "sft.from_scratch.heads: found 3; expected a divisor of width, which is 128")]
    [InlineData("sft.keep=best", "sft.keep: found best without rows to evaluate on", "sft.eval_share=0")]
    public void Sft_WhatCannotBe_IsRefusedBeforeAnythingIsWritten(string key, string message, string also = "seed=1")
    {
        var ending = InProcess.Run("sft", $"out={_folder.At("run")}", $"sft.data={Texts}", key, also);
        Assert.Equal(2, ending.Code);
        Assert.Contains(message, ending.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.At("run")));
    }

    [Fact]
    public void Generate_PromptOfTheReadme_PrintsTheContinuationAlone()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        string[] words = ["generate", $"model={TestData.At("models", "stories15M")}", "prompt=Once upon a time", "temperature=0", "max_new_tokens=16"];
        var text = InProcess.Run(words);
        Assert.Equal(0, text.Code);
        Assert.StartsWith(", there was a little girl named Lily. She loved to play", text.Output, StringComparison.Ordinal);
        Assert.StartsWith(text.Output.TrimEnd('\n'), ", there was a little girl named Lily. She loved to play outside in the sunshine.", StringComparison.Ordinal);

        var json = JsonDocument.Parse(InProcess.Run([.. words, "--json"]).Output).RootElement;
        Assert.Equal(text.Output, json.GetProperty("completion").GetString() + "\n");
        Assert.Equal("length", json.GetProperty("reason").GetString());
        Assert.Equal(16, json.GetProperty("log_probs").GetArrayLength());
    }

    private void Train(params string[] more)
    {
        string[] common = [$"out={_folder.At("run")}", "seed=3"];
        var tokenizer = InProcess.Run(["tokenizer", "train", .. common, $"tokenizer.data=[{Texts}]", "tokenizer.vocabulary_size=300"]);
        Assert.True(tokenizer.Code == 0, tokenizer.Error);
        var ending = InProcess.Run(["sft", .. common, $"sft.data={Texts}", "sft.max_length=48", "sft.epochs=0.04", "sft.optimizer.learning_rate=0.01", "sft.optimizer.warmup_steps=0", "sft.sample_every=4", "sft.samples=2", .. more]);
        Assert.True(ending.Code == 0, ending.Error);
    }

    private IEnumerable<JsonElement> Lines(string file) => File.ReadLines(_folder.At("run", "sft", file)).Select(line => JsonDocument.Parse(line).RootElement);
}
