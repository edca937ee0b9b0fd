using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Generation;

[Trait("Device", "gpu")]
public sealed class DecodeOnGpuTests
{
    private static readonly TransformerConfig Config = TransformerConfig.Llama(vocabulary: 211, width: 64, layers: 3, heads: 4, keyValueHeads: 2, hidden: 96, context: 160);

    private static readonly SamplingOptions Options = new() { MaxNewTokens = 100, StopTokens = [7] };

    [Theory]
    [InlineData(ScalarType.Float32, 0, 1)]
    [InlineData(ScalarType.BFloat16, 0, 1)]
    [InlineData(ScalarType.BFloat16, 12, 1.2)]
    public void Generate_WithAndWithoutGraphs_IsTheSame(ScalarType type, int minNewTokens, double penalty)
    {
        var gpu = Gpu();
        Assert.SkipUnless(CudaGraph.IsOffered, "this libtorch offers no CUDA graphs, or RLHF_NO_GRAPHS is set");
        using var model = Model(type, gpu);
        var options = Options with { MinNewTokens = minNewTokens, RepetitionPenalty = penalty };
        var recorded = 0;
        var graphs = DecodeSchedule.Ahead with
        {
            Record = (device, work) =>
            {
                recorded++;
                return CudaGraph.Record(device, work);
            },
        };
        var found = Generate(model, options, graphs);
        Assert.True(recorded > 1, "several sizes have to come up");
        // Twice, because graphs of an earlier batch must not be in the way of a later one.
        foreach (var schedule in new[] { graphs, DecodeSchedule.Ahead with { Record = (_, _) => null } })
        {
            var again = Generate(model, options, schedule);
            Assert.Equal(found.Select(completion => completion.Tokens), again.Select(completion => completion.Tokens));
            Assert.Equal(found.Select(completion => completion.LogProbs), again.Select(completion => completion.LogProbs));
        }
    }

    [Fact]
    public void Generate_OnAGpu_LogProbsAreThoseOfAFreshPass()
    {
        var gpu = Gpu();
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        using var model = Model(ScalarType.Float32, gpu);
        var (prompts, found) = (Prompts(), Generate(model, Options, null));
        for (var i = 0; i < prompts.Length; i++)
        {
            using var tokens = TokenBatch.LeftPadded([[.. prompts[i], .. found[i].Tokens]], 0, gpu);
            var hidden = model.Trunk.Hidden(tokens).squeeze(0).narrow(0, prompts[i].Length - 1, found[i].Tokens.Length);
            var fresh = TokenLogProbs.Selected(hidden, model.HeadWeight, tensor(found[i].Tokens, ScalarType.Int64, device: gpu), 1);
            Expect.Near([.. found[i].LogProbs.Select(p => (double)p)], fresh, 1e-3);
        }
    }

    private static Device Gpu()
    {
        Assert.SkipUnless(cuda.is_available(), "this machine offers no GPU to libtorch");
        return device(DeviceType.CUDA, 0);
    }

    private static int[][] Prompts() => [.. Enumerable.Range(0, 40).Select(i => Enumerable.Range(0, 1 + i * 5 % 23).Select(j => (i + 11 * j) % 211).ToArray())];

    private static Completion[] Generate(CausalLm model, SamplingOptions options, DecodeSchedule? schedule) =>
        new TextGenerator(model, eos: 2, pad: 0) { BatchSize = 16, Schedule = schedule }.Generate(Prompts(), options, TextGeneratorTests.Keys(40));

    private static CausalLm Model(ScalarType type, Device device)
    {
        var random = new RandomParameters(Config, 1);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var model = new CausalLm(Config, (name, shape) => random.Draw(name, shape).to(type, device));
        model.HeadWeight.mul_(20);
        return model;
    }
}
