using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Tokenization.Training;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Training;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Tests.Training;

/// <summary>Gain and bias are fitted on what the policy writes before it is optimised.</summary>
public sealed class ReferenceSamplesTests : IDisposable
{
    private const int Longest = 64;

    private readonly RewardWorld world = new();

    public void Dispose() => world.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData("prompts.jsonl")]
    public void Run_WithAPolicy_ItsSamplesScoreZeroOnAverageWithDeviationOne(string? prompts)
    {
        var recipe = world.Recipe with { Normalization = Options(prompts is null ? null : world.At(prompts)) };
        world.Train("run", recipe);
        var (tokenizer, final) = (TextTokenizer.Load(recipe.Model), world.At("run", "final"));
        using var ensemble = RewardFolder.Load(final, CPU);
        IReadOnlyList<string> texts = prompts is null ? RewardData.Load(recipe, tokenizer).Prompts : [.. File.ReadLines(world.At(prompts)).Select(line => line[12..^2])];
        var rows = new ReferenceSamples(recipe.Normalization, tokenizer, Longest).Draw(texts, 1, CPU, ScalarType.Float32);
        Assert.Equal(40, rows.Count);
        var scores = ensemble.Score(rows, tokenizer.PadOrEos).Select(score => score.Score).ToArray();
        Assert.Equal(0, scores.Average(), 1e-5);
        Assert.Equal(1, Math.Sqrt(scores.Average(score => score * score)), 1e-5);
    }

    [Fact]
    public void Run_WithoutAPolicy_HeldOutTextsScoreZeroOnAverageWithDeviationOne()
    {
        world.Train("run", world.Recipe);
        var tokenizer = TextTokenizer.Load(world.Recipe.Model);
        using var ensemble = RewardFolder.Load(world.At("run", "final"), CPU);
        var rows = RewardData.Load(world.Recipe, tokenizer).HeldOut.SelectMany(pair => new[] { pair.Chosen, pair.Rejected }).ToArray();
        var scores = ensemble.Score(rows, tokenizer.PadOrEos).Select(score => score.Score).ToArray();
        Assert.Equal(0, scores.Average(), 1e-5);
        Assert.Equal(1, Math.Sqrt(scores.Average(score => score * score)), 1e-5);
    }

    [Fact]
    public void Draw_FewPrompts_AsksThemInTurnAndEverySampleDiffers()
    {
        var tokenizer = TextTokenizer.Load(world.At("model"));
        var rows = new ReferenceSamples(Options(null), tokenizer, Longest).Draw(["a", "b", "a"], 1, CPU, ScalarType.Float32);
        Assert.Equal(Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? "a" : "b"), rows.Select(row => tokenizer.Decode(row[..1])));
        Assert.Equal(40, rows.Select(row => string.Join(' ', row)).Distinct().Count());
        Assert.All(rows, row => Assert.InRange(row.Length, 2, 13));
    }

    [Fact]
    public void Draw_PolicyOfAnotherTokenizer_IsReadInTheRewardModelsTokens()
    {
        BpeTrainer.Train(["ab ab ab abab yes yes yes"], new BpeTrainingOptions { VocabularySize = 262 }).Save(world.At("merged"));
        var other = TextTokenizer.Load(world.At("merged"));
        using (var model = CausalLm.Create(TransformerConfig.Gpt2(262, width: 16, layers: 1, heads: 2, context: 32) with { InitializerRange = 0.2, Eos = other.Eos }, 3))
            ModelFolder.Save(model, world.At("other"), new SaveOptions { TokenizerFrom = world.At("merged") });
        var tokenizer = TextTokenizer.Load(world.At("model"));
        var rows = new ReferenceSamples(Options(null) with { Policy = world.At("other") }, tokenizer, 20).Draw(["abab"], 1, CPU, ScalarType.Float32);
        Assert.True(other.Encode("abab").Length < 4);
        Assert.All(rows, row =>
        {
            Assert.InRange(row.Length, 1, 20);
            Assert.All(row, token => Assert.InRange(token, 0, 256));
            Assert.Equal(tokenizer.Eos, row[^1]);
        });
        Assert.Contains(rows, row => tokenizer.Decode(row).StartsWith("abab", StringComparison.Ordinal));
    }

    private NormalizationOptions Options(string? prompts) => new()
    {
        Policy = world.At("model"), Prompts = prompts, Samples = 40, Sampling = new SamplingOptions { MaxNewTokens = 12 },
    };
}
