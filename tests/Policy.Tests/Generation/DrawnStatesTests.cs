using Rlhf.Policies.Families;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Generation;

[Collection(nameof(KernelRule))]
public sealed class DrawnStatesTests
{
    private static readonly int[][] s_prompts = [[4, 9, 2], [7], [1, 2, 3, 4, 5, 6], [11, 30], [8, 8, 8, 8]];
    private static readonly SamplingOptions s_options = new() { MaxNewTokens = 9, MinNewTokens = 2, StopTokens = [1, 9, 12, 18, 23, 29] };

    [Theory]
    [InlineData(64)]
    [InlineData(2)]
    public void Generate_WithRowsThatMove_KeepsWhatAPassOverTheEpisodesFinds(int batchSize)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model();
        using var states = DrawnStates.For(model, s_prompts.Length, s_options)!;
        var found = new TextGenerator(model, eos: 5, pad: 0) { BatchSize = batchSize }.Generate(s_prompts, s_options, Keys(), states);
        Assert.True(found.Select(completion => completion.Tokens.Length).Distinct().Count() > 2, "responses have to end at different times for rows to move");
        int[] asked = [3, 0, 4, 2, 1];
        var all = states.Of(asked.Select(i => (i, found[i].Tokens.Length)));
        var expected = asked.Select(i =>
        {
            using var tokens = TokenBatch.LeftPadded([[.. s_prompts[i], .. found[i].Tokens]], 0, CPU);
            return model.Trunk.Hidden(tokens)[0].narrow(0, s_prompts[i].Length - 1, found[i].Tokens.Length);
        });
        Bitwise(cat([.. expected]), all);
    }

    [Fact]
    public void Generate_WithStatesKept_DrawsTheSame()
    {
        using var model = Model();
        using var states = DrawnStates.For(model, s_prompts.Length, s_options)!;
        var generator = new TextGenerator(model, eos: 5, pad: 0);
        Assert.Equal(
            generator.Generate(s_prompts, s_options, Keys()).Select(completion => completion.LogProbs),
            generator.Generate(s_prompts, s_options, Keys(), states).Select(completion => completion.LogProbs));
    }

    [Fact]
    public void Generate_InBFloat16InKernels_KeepsWhatAPassFinds()
    {
        Assert.SkipUnless(KernelRule.ServesModel(CPU, ScalarType.BFloat16), "this processor has no products of bfloat16");
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = Model().to(ScalarType.BFloat16);
        using var states = DrawnStates.For(model, s_prompts.Length, s_options)!;
        var found = new TextGenerator(model, eos: 5, pad: 0).Generate(s_prompts, s_options, Keys(), states);
        Tensor kept = states.Of(found.Select((completion, i) => (i, completion.Tokens.Length))), fresh = cat([.. found.Select((completion, i) =>
        {
            using var tokens = TokenBatch.LeftPadded([[.. s_prompts[i], .. completion.Tokens]], 0, CPU);
            return model.Trunk.Hidden(tokens)[0].narrow(0, s_prompts[i].Length - 1, completion.Tokens.Length);
        })]);
        Assert.Equal(ScalarType.BFloat16, kept.dtype);
        Bitwise(fresh, kept);
    }

    [Fact]
    public void For_BFloat16ComposedOfOperators_IsNone()
    {
        using var model = Model().to(ScalarType.BFloat16);
        using var composed = KernelRule.Suspend();
        Assert.Null(DrawnStates.For(model, 4, s_options));
    }

    [Fact]
    public void Generate_ADeviceThatRunsAhead_RefusesToKeepThem()
    {
        using var model = Model();
        using var states = DrawnStates.For(model, s_prompts.Length, s_options)!;
        var generator = new TextGenerator(model, eos: 5, pad: 0) { Schedule = DecodeSchedule.Ahead };
        Assert.Throws<ArgumentException>(() => generator.Generate(s_prompts, s_options, Keys(), states));
    }

    private static void Bitwise(Tensor expected, Tensor found) => Assert.Equal(expected.to(ScalarType.Float32).data<float>().ToArray(), found.to(ScalarType.Float32).data<float>().ToArray());

    private static CausalLm Model() => CausalLm.Create(TransformerConfig.Gpt2(31, 24, 2, 3, 16) with { InitializerRange = 0.1 }, seed: 5);

    private static RandomKey[] Keys() => [.. Enumerable.Range(0, s_prompts.Length).Select(i => new RandomKey(1, 0, i, 0))];
}
