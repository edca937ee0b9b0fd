using System.Diagnostics;
using System.Text.Json;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tests.Models;
using Rlhf.Policies.Tokenization;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Checkpoints;

/// <summary>Small models that were really trained: what they say and how surprised they are tells whether they were read right.</summary>
public sealed class RealModelTests
{
    [Theory]
    [InlineData("stories260K", 1.50)]
    [InlineData("stories15M", 1.69)]
    public void NegativeLogLikelihood_TinyStories_IsThatOfATrainedModel(string name, double expected)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var folder = TestData.At("models", name);
        using var model = ModelFolder.Load(folder, CPU);
        var ids = TextTokenizer.Load(folder).Encode(File.ReadAllText(TestData.At("text", "tinystories.txt"))[..20_000]);
        int[][] rows = [.. ids.Chunk(255).Where(chunk => chunk.Length == 255).Select(chunk => (int[])[model.Config.Bos!.Value, .. chunk])];
        using var tokens = TokenBatch.RightPadded(rows, 0, CPU);
        Assert.Equal(expected, -GoldenModelTests.NextTokenLogProbs(model, tokens).mean().item<float>(), 0.1);
    }

    [Fact]
    public void NegativeLogLikelihood_CharacterModel_KnowsItsCorpus()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var folder = TestData.At("models", "slm4096-gpt2");
        using var model = ModelFolder.Load(folder, CPU);
        var ids = JsonSerializer.Deserialize<Dictionary<string, int>>(File.ReadAllText(Path.Combine(folder, "char_vocab.json")))!;
        var text = File.ReadAllText(Path.Combine(folder, "corpus.txt"));
        int[][] rows = [.. text.Select(letter => ids[letter.ToString()]).Chunk(128).Where(chunk => chunk.Length == 128)];
        using var tokens = TokenBatch.RightPadded(rows, 0, CPU);
        Assert.Equal(0.076, -GoldenModelTests.NextTokenLogProbs(model, tokens).mean().item<float>(), 0.005);
    }

    [Theory]
    [InlineData("stories260K", ", there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball.")]
    [InlineData("stories15M", ", there was a little girl named Lily. She loved to play outside in the sunshine.")]
    public void Greedy_OnceUponATime_TellsTheKnownStory(string name, string expected)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var folder = TestData.At("models", name);
        using var model = ModelFolder.Load(folder, CPU);
        var tokenizer = TextTokenizer.Load(folder);
        int[] prompt = [tokenizer.Bos!.Value, .. tokenizer.Encode("Once upon a time")];
        using var tokens = TokenBatch.LeftPadded([prompt], 0, CPU);
        using var cache = new KeyValueCache(model.Trunk, 1, 128);
        var hidden = model.Trunk.Prefill(tokens, cache, tensor([prompt.Length - 1L])).unsqueeze(1);
        var said = new List<int>(prompt);
        while (said.Count < 100)
        {
            var next = model.Logits(hidden).argmax(-1);
            said.Add((int)next.item<long>());
            hidden = model.Trunk.Decode(next, cache);
        }

        Assert.StartsWith("Once upon a time" + expected, tokenizer.Decode(said).TrimStart(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pytorch_model.bin", 0)]
    [InlineData("pytorch_model.legacy.bin", 0)]
    [InlineData("pytorch_model.bf16.bin", 0.1)]
    public void Logits_EveryFormatOfStories260K_AreThoseOfSafetensors(string file, double tolerance)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var folder = new TemporaryFolder();
        var original = TestData.At("models", "stories260K");
        File.Copy(Path.Combine(original, "config.json"), folder.At("config.json"));
        File.Copy(Path.Combine(original, file), folder.At("pytorch_model.bin"));
        using var expected = ModelFolder.Load(original, CPU);
        using var model = ModelFolder.Load(folder.Path, CPU);
        using var tokens = TokenBatch.LeftPadded([[1, 403, 407, 261], [1, 378]], 0, CPU);
        var off = model.Logits(model.Trunk.Hidden(tokens)) - expected.Logits(expected.Trunk.Hidden(tokens));
        Assert.InRange(off.abs().max().item<float>(), 0, tolerance);
    }

    [Fact]
    public void Load_Stories15M_TakesAFractionOfASecondAndLittleMoreMemoryThanTheWeights()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var folder = TestData.At("models", "stories15M");
        ModelFolder.Load(folder, CPU).Dispose(); // code compiled, pages of the file read
        CausalLm? loaded = null;
        var grown = HeldMemory.Peak(() => loaded = ModelFolder.Load(folder, CPU));
        using var model = loaded!;
        Assert.InRange(Enumerable.Range(0, 5).Min(_ => Seconds(() => ModelFolder.Load(folder, CPU).Dispose())), 0, 0.5); // the best, for the machine may be busy
        var weights = model.parameters().Sum(parameter => parameter.numel()) * 4;
        Assert.Equal(15_191_712 * 4, weights);
        Assert.InRange(grown, 0, weights * 8 / 5); // float32 from a float16 file, which is half as large
    }

    private static double Seconds(Action work)
    {
        var clock = Stopwatch.StartNew();
        work();
        return clock.Elapsed.TotalSeconds;
    }
}
