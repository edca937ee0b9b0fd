using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using Rlhf.Ppo;
using static TorchSharp.torch;

namespace Rlhf.Tests.Ppo;

/// <summary>A policy with adapters: nothing but these learns, and the reference is the policy without them.</summary>
public sealed class LoraTests : IDisposable
{
    private static readonly PpoRecipe Recipe = TinyWorld.Recipe with { Steps = 3, Lora = new LoraRecipe { Rank = 2, Alpha = 4 } };

    private readonly TinyWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Train_WithAdapters_MovesThePolicyAwayFromABaseThatStandsStill()
    {
        var inputs = _world.Inputs(Recipe);
        var weights = inputs.Policy.named_parameters().ToArray();
        var before = weights.Select(one => one.parameter.bytes.ToArray()).ToArray();
        using (var run = _world.Open("run", Recipe)) PpoAssembly.Build(inputs, run).Train(_world.TokenizerFolder);

        Assert.All(weights.Zip(before), pair => Assert.True(pair.First.parameter.bytes.SequenceEqual(pair.Second), pair.First.name));
        double[] kl = [.. File.ReadLines(Path.Combine(_world.Folder("run"), "metrics.jsonl")).Select(line => JsonSerializer.Deserialize<Dictionary<string, double>>(line)!["kl_exact"])];
        Assert.Equal(0, kl[0], 1e-5);
        Assert.True(kl[^1] > 1e-3);

        var final = Path.Combine(_world.Folder("run"), "final");
        Assert.True(AdapterFolder.Holds(Path.Combine(final, ModelFolder.AdapterName)));
        using var merged = ModelFolder.Load(final, CPU);
        Assert.Equal(weights.Select(one => one.name), merged.named_parameters().Select(one => one.name));
        Assert.False(merged.Trunk.Blocks[0].FeedForward.Up.Weight.IsSame(inputs.Policy.Trunk.Blocks[0].FeedForward.Up.Weight));
    }

    [Fact]
    public void Save_Checkpoint_IsAnAdapterThatLoadsOntoTheModelItCameFrom()
    {
        var recipe = Recipe with { Model = _world.Folder("base") };
        var inputs = _world.Inputs(recipe);
        ModelFolder.Save(inputs.Policy, recipe.Model);
        using (var run = _world.Open("run", recipe, new RunOptions { SaveEvery = 3 })) PpoAssembly.Build(inputs, run).Train(_world.TokenizerFolder);

        var checkpoint = Path.Combine(_world.Folder("run"), "checkpoints", "step-000003", "policy");
        Assert.False(File.Exists(Path.Combine(checkpoint, "model.safetensors")));
        Assert.Equal(_world.Tokenizer.VocabularySize, TextTokenizer.Load(checkpoint).VocabularySize);
        using var loaded = ModelFolder.Load(checkpoint, CPU);
        using var final = ModelFolder.Load(Path.Combine(_world.Folder("run"), "final"), CPU);
        foreach (var ((name, one), (_, other)) in loaded.named_parameters().Zip(final.named_parameters())) Assert.True(one.IsSame(other), name);
    }

    [Fact]
    public void StateOf_WithAdapters_HoldsNoSecondCopyOfTheModel()
    {
        var inputs = _world.Inputs(Recipe);
        Assert.Same(inputs.Policy, PpoAssembly.StateOf(inputs).Reference.Model);
        Assert.NotSame(inputs.Policy, PpoAssembly.StateOf(_world.Inputs(TinyWorld.Recipe)).Reference.Model);
    }

    [Fact]
    public void Train_BaseThatLearnsBesideItsAdapters_IsRefused()
    {
        var inputs = _world.Inputs(Recipe);
        using var run = _world.Open("run", Recipe);
        var trainer = PpoAssembly.Build(inputs, run);
        inputs.Policy.HeadWeight.requires_grad = true;
        var error = Assert.Throws<RlhfException>(() => trainer.Train(_world.TokenizerFolder));
        Assert.Contains("1 of the policy's weights change with the reference's", error.Message, StringComparison.Ordinal);
    }
}
