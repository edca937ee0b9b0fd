using Rlhf.Foundation;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Families;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Models;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tests.Models;
using Rlhf.Policies.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Generation;

public sealed class TextGeneratorTests
{
    private static readonly SamplingOptions Greedy = new() { Temperature = 0, MaxNewTokens = 12 };

    [Theory]
    [InlineData("gpt2", "batch_plain")]
    [InlineData("gpt2", "batch_leftpad")]
    [InlineData("llama", "batch_leftpad")]
    [InlineData("llama_gqa", "batch_leftpad")]
    [InlineData("llama_gqa_tied", "batch_leftpad")]
    [InlineData("gpt_neox", "batch_leftpad")]
    public void Generate_Greedy_ContinuesAsTransformersDoes(string name, string batchName)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var golden = new GoldenModel(name);
        using var model = ModelFolder.Load(golden.Folder, CPU);
        var batch = golden.Batch(batchName);
        // With 2 rows at a time the others wait and take the place of finished ones.
        foreach (var size in new[] { 64, 2 })
        {
            var generator = new TextGenerator(model, eos: null, pad: 0) { BatchSize = size };
            var found = generator.Generate(batch.Rows, Greedy, Keys(batch.Rows.Length));
            Assert.Equal(batch.Greedy, found.Select(completion => completion.Tokens));
            Assert.All(found, completion => Assert.Equal(StopReason.Length, completion.Reason));
        }
    }

    [Theory]
    [InlineData("stories260K", ", there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball.")]
    [InlineData("stories15M", ", there was a little girl named Lily. She loved to play outside in the sunshine.")]
    public void Generate_RealModelGreedily_TellsItsStory(string name, string story)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var model = ModelFolder.Load(TestData.At("models", name), CPU);
        var tokenizer = TextTokenizer.Load(TestData.At("models", name));
        var completion = Only(model, tokenizer, "Once upon a time", Greedy with { MaxNewTokens = 64 });
        Assert.StartsWith(story, completion.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Generate_AloneTogetherAndInAnyOrder_IsBitwiseTheSame(ScalarType type)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        Assert.SkipUnless(KernelRule.ServesModel(CPU, type), "this processor has no products of bfloat16");
        using var model = ModelFolder.Load(TestData.At("models", "stories260K"), CPU).to(type);
        var prompts = StoryPrompts(64);
        var keys = Keys(64);
        var stop = TextTokenizer.Load(TestData.At("models", "stories260K")).Encode("the end.")[^1];
        var options = new SamplingOptions { Temperature = 1, MaxNewTokens = 48, StopTokens = [stop] };
        Completion[] Run(int size, int[] which) => new TextGenerator(model, 2, 0) { BatchSize = size }.Generate([.. which.Select(i => prompts[i])], options, [.. which.Select(i => keys[i])]);

        var together = Run(64, [.. Enumerable.Range(0, 64)]);
        Assert.True(together.Select(completion => completion.Tokens.Length).Distinct().Count() > 1, "some responses have to end early for rows to move");
        int[][] orders = [[.. Enumerable.Range(0, 64).Reverse()], [.. Enumerable.Range(0, 64).Where(i => i % 3 == 0)], [5], [63], [17, 2]];
        foreach (var order in orders)
        foreach (var size in new[] { 64, 7 })
        {
            var found = Run(size, order);
            for (var i = 0; i < order.Length; i++)
            {
                Assert.Equal(together[order[i]].Tokens, found[i].Tokens);
                Assert.Equal(together[order[i]].LogProbs, found[i].LogProbs);
                Assert.Equal(together[order[i]].Reason, found[i].Reason);
            }
        }
    }

    [Theory]
    [InlineData(0.7, 0, 1, 1)]
    [InlineData(1, 0, 1, 1)]
    [InlineData(1.3, 20, 0.9, 1.2)]
    [InlineData(0, 0, 1, 1)]
    public void Generate_AnyOptions_LogProbsAreThoseOfAFreshPass(double temperature, int topK, double topP, double penalty)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var model = ModelFolder.Load(TestData.At("models", "stories260K"), CPU);
        var prompts = StoryPrompts(9);
        var options = new SamplingOptions { Temperature = temperature, TopK = topK, TopP = topP, RepetitionPenalty = penalty, MaxNewTokens = 24 };
        var found = new TextGenerator(model, 2, 0).Generate(prompts, options, Keys(9));
        for (var i = 0; i < prompts.Length; i++)
        {
            int[] all = [.. prompts[i], .. found[i].Tokens];
            using var tokens = TokenBatch.LeftPadded([all], 0, CPU);
            var hidden = model.Trunk.Hidden(tokens).squeeze(0).narrow(0, prompts[i].Length - 1, found[i].Tokens.Length);
            var fresh = TokenLogProbs.Selected(hidden, model.HeadWeight, tensor(found[i].Tokens, ScalarType.Int64), temperature == 0 ? 1 : temperature);
            // Either pass is within 1.2e-5 of float64 here: logits of this model come from hidden states of up to 18.
            Expect.Near([.. found[i].LogProbs.Select(p => (double)p)], fresh, 2.5e-5);
        }
    }

    [Fact]
    public void Generate_ManySamplesOfOneToken_FollowTheSoftmax()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var model = TinyModel();
        foreach (var temperature in new[] { 0.5, 1.5 })
        {
            const int Samples = 20_000;
            var keys = Enumerable.Range(0, Samples).Select(i => new RandomKey(3, 0, 0, i)).ToArray();
            var found = new TextGenerator(model, null, 0) { BatchSize = 5000 }.Generate([.. Enumerable.Repeat(new[] { 1, 2 }, Samples)], new SamplingOptions { Temperature = temperature, MaxNewTokens = 1 }, keys);
            using var tokens = TokenBatch.LeftPadded([[1, 2]], 0, CPU);
            var probabilities = Expect.Numbers(model.Logits(model.Trunk.Hidden(tokens)).select(1, 1).div(temperature).softmax(-1));
            var counts = new int[8];
            foreach (var completion in found) counts[completion.Tokens[0]]++;
            var chi = counts.Select((count, token) => Math.Pow(count - Samples * probabilities[token], 2) / (Samples * probabilities[token])).Sum();
            // 7 degrees of freedom: above 24.3 once in a thousand, below 0.6 too.
            Assert.InRange(chi, 0.6, 24.3);
        }
    }

    [Fact]
    public void Generate_WeightsChangedBetweenCalls_UsesTheNewOnes()
    {
        using var model = TinyModel();
        var generator = new TextGenerator(model, null, 0);
        float First() => generator.Generate([[1, 2]], Greedy, Keys(1))[0].LogProbs[0];
        var before = First();
        using (no_grad()) model.HeadWeight.mul_(0.5);
        Assert.NotEqual(before, First());
    }

    [Fact]
    public void Generate_MinNewTokens_HoldsTheEndBack()
    {
        using var model = TinyModel();
        var prompts = Enumerable.Repeat(new[] { 1 }, 200).ToArray();
        var options = new SamplingOptions { MaxNewTokens = 12 };
        int Shortest(SamplingOptions with) => new TextGenerator(model, 2, 0) { BatchSize = 32 }.Generate(prompts, with, Keys(200)).Min(completion => completion.Tokens.Length);
        Assert.Equal(1, Shortest(options));
        Assert.Equal(6, Shortest(options with { MinNewTokens = 5 })); // five, then the end
    }

    [Fact]
    public void Generate_EndAndStopTokens_AreReportedAndKept()
    {
        using var model = TinyModel();
        var prompts = Enumerable.Repeat(new[] { 1 }, 100).ToArray();
        var found = new TextGenerator(model, 0, 0).Generate(prompts, new SamplingOptions { MaxNewTokens = 6, StopTokens = [3] }, Keys(100));
        foreach (var completion in found)
        {
            Assert.DoesNotContain(completion.Tokens[..^1], token => token is 0 or 3);
            Assert.Equal(completion.Tokens[^1] is 0 or 3, completion.Reason == StopReason.Eos);
            if (completion.Reason == StopReason.Length) Assert.Equal(6, completion.Tokens.Length);
        }

        Assert.Contains(found, completion => completion.Tokens[^1] == 3);
        Assert.Contains(found, completion => completion.Tokens[^1] == 0);
        Assert.Contains(found, completion => completion.Reason == StopReason.Length);
    }

    [Theory]
    [InlineData("girl nam")]
    [InlineData("a little girl")]
    [InlineData("y. S")]
    public void Generate_StopStringAcrossTokens_EndsBeforeIt(string stop)
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        using var model = ModelFolder.Load(TestData.At("models", "stories260K"), CPU);
        var tokenizer = TextTokenizer.Load(TestData.At("models", "stories260K"));
        const string Story = ", there was a little girl named Lily. She loved to play outside in the park.";
        var completion = Only(model, tokenizer, "Once upon a time", Greedy with { MaxNewTokens = 64, StopStrings = ["nowhere", stop] });
        Assert.Equal(StopReason.StopString, completion.Reason);
        Assert.Equal(Story[..Story.IndexOf(stop, StringComparison.Ordinal)], completion.Text);
        Assert.DoesNotContain(stop, tokenizer.Decode(completion.Tokens[..^1]), StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_ContextIsFull_CutsTheResponseThere()
    {
        using var model = TinyModel();
        var found = new TextGenerator(model, null, 0).Generate([[1, 2, 3, 4, 5, 6, 7, 1, 2, 3], [1]], Greedy with { MaxNewTokens = 14 }, Keys(2));
        Assert.Equal([6, 14], found.Select(completion => completion.Tokens.Length));
        var generator = new TextGenerator(model, null, 0);
        Assert.Contains("leaves no room", Assert.Throws<RlhfException>(() => generator.Generate([new int[16]], Greedy, Keys(1))).Message, StringComparison.Ordinal);
        Assert.Contains("has no tokens", Assert.Throws<RlhfException>(() => generator.Generate([[]], Greedy, Keys(1))).Message, StringComparison.Ordinal);
    }

    internal static CausalLm TinyModel()
    {
        var model = CausalLm.Create(TransformerConfig.Gpt2(vocabulary: 8, width: 16, layers: 2, heads: 2, context: 16), seed: 1);
        using var quiet = no_grad();
        // Initial weights give a nearly uniform softmax; these do not.
        model.HeadWeight.mul_(20);
        return model;
    }

    internal static RandomKey[] Keys(int count) => [.. Enumerable.Range(0, count).Select(i => new RandomKey(7, 1, i, 0))];

    private static int[][] StoryPrompts(int count)
    {
        var tokenizer = TextTokenizer.Load(TestData.At("models", "stories260K"));
        string[] beginnings = ["Once upon a time", "The dog", "One day, a little boy named Tim went to", "Lily", "Mom said, \"", "There was a big tree in the park and the birds"];
        return [.. Enumerable.Range(0, count).Select(i => (int[])[1, .. tokenizer.Encode(beginnings[i % beginnings.Length])])];
    }

    private static Completion Only(CausalLm model, TextTokenizer tokenizer, string prompt, SamplingOptions options) =>
        new TextGenerator(model, tokenizer.Eos, 0, tokenizer).Generate([tokenizer.EncodeWithSpecials(prompt)], options, Keys(1))[0];
}
