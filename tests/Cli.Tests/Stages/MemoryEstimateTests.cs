using Rlhf.Cli.Stages;
using Rlhf.Policies.Families;

namespace Rlhf.Cli.Tests.Stages;

public sealed class MemoryEstimateTests
{
    private static readonly TransformerConfig Shape = TransformerConfig.Gpt2(512, 128, 4, 4, 64);

    [Fact]
    public void Parameters_Gpt2_AreThoseItsAuthorsCount()
    {
        // GPT-2 small: 124,439,808 with tied embeddings.
        Assert.Equal(124_439_808, MemoryEstimate.Parameters(TransformerConfig.Gpt2(50257, 768, 12, 12, 1024)));
    }

    [Fact]
    public void Of_TrainedAndFrozen_Weighs16And4BytesAParameterAndWhatKernelsLayOut()
    {
        var parameters = MemoryEstimate.Parameters(Shape);

        Assert.Equal(20 * parameters, MemoryEstimate.Of(Plan(1000) with { OnCpu = false, InKernels = false }).Weights);
        // Twice what learns and once what does not, 4 bytes each.
        Assert.Equal((20 + 12) * parameters, MemoryEstimate.Of(Plan(1000)).Weights);
        // In bfloat16 the trained weights have a copy to compute with, and its gradient is one too; kernels lay out 2 bytes each.
        Assert.Equal((18 + 6) * parameters, MemoryEstimate.Of(Plan(1000) with { Dtype = Precision.BFloat16 }).Weights);
        Assert.Equal(18 * parameters, MemoryEstimate.Of(Plan(1000) with { Dtype = Precision.BFloat16, InKernels = false }).Weights);
    }

    [Fact]
    public void Of_OptimizerSpreadOverFour_WeighsAQuarterOfItsState()
    {
        var plan = Plan(1000) with { OnCpu = false, InKernels = false, Models = [new(Shape, Upkeep.Trained)] };
        var parameters = MemoryEstimate.Parameters(Shape);

        Assert.Equal((4 + 4 + 8 / 4) * parameters, MemoryEstimate.Of(plan with { Ranks = 4 }).Weights);
        Assert.Equal((2 + 2 + 12 / 4) * parameters, MemoryEstimate.Of(plan with { Ranks = 4, Dtype = Precision.BFloat16 }).Weights);
    }

    [Fact]
    public void Of_TwiceTheTokens_KeepsTwiceTheActivations()
    {
        var (once, twice) = (MemoryEstimate.Of(Plan(1000)).Activations, MemoryEstimate.Of(Plan(2000)).Activations);

        Assert.Equal(2 * once, twice);
        // 1000 tokens of 4 bytes · (4 layers · (4·128 + 3·128 + 128 + 2·512) + 6·128 around them + 128 of gradients), and 512 logits
        Assert.Equal(1000L * 4 * (4 * 2048 + 768 + 128 + 512), once);
        // composed, with 2·512 more of gradients
        Assert.Equal(1000L * 4 * (4 * 2048 + 768 + 1152 + 512), MemoryEstimate.Of(Plan(1000) with { InKernels = false }).Activations);
        // In bfloat16 kernels compute in float32 all the same, and add up the gradients of weights in it.
        Assert.Equal(once + 4 * MemoryEstimate.Parameters(Shape), MemoryEstimate.Of(Plan(1000) with { Dtype = Precision.BFloat16 }).Activations);
    }

    [Fact]
    public void Of_AttentionAsTwoProducts_KeepsAWeightForEachHeadAndTokenOfTheRow()
    {
        long Of(Precision dtype, long longest, double? cap = null) => MemoryEstimate.Of(Plan(1000) with { Models = [new(Shape with { AttentionCap = cap }, Upkeep.Adapted)], Dtype = dtype, Longest = longest, InKernels = false }).Activations;
        // 4 layers, and two layers' worth while one goes back: 6 · 4 heads · 128 more tokens of 2 or 4 bytes
        Assert.Equal(1000L * 2 * 6 * 4 * 128, Of(Precision.BFloat16, 256) - Of(Precision.BFloat16, 128));
        Assert.Equal(1000L * 4 * 6 * 4 * 128, Of(Precision.Float32, 256, cap: 50) - Of(Precision.Float32, 128, cap: 50));
        Assert.Equal(0, Of(Precision.Float32, 256) - Of(Precision.Float32, 128));
        // beyond, one operator does it
        Assert.Equal(1000L * 2 * 6 * 4 * 256, Of(Precision.BFloat16, 256) - Of(Precision.BFloat16, 257));
    }

    [Fact]
    public void Of_GradientCheckpointing_KeepsInputsAndTheValuesOfOneLayer()
    {
        var plan = Plan(1000) with { GradientCheckpointing = true, OnCpu = false, InKernels = false };
        Assert.Equal(1000L * 4 * (4 * 128 + 2048 + 768 + 1152 + 512), MemoryEstimate.Of(plan).Activations);
        // and on the CPU the holes that another layer left
        Assert.Equal(1000L * 4 * (4 * 128 + 2 * 2048 + 768 + 1152 + 512), MemoryEstimate.Of(plan with { OnCpu = true }).Activations); // composed
    }

    [Fact]
    public void Of_ReferenceThatGoes_WeighsWhileItJudgesAndNotWhileThePolicyLearns()
    {
        var plan = Plan(1) with { Models = [new(Shape, Upkeep.Adapted), new(Shape, Upkeep.Passing)], OnCpu = false, InKernels = false, CachedTokens = 1 };
        var bytes = 4 * MemoryEstimate.Parameters(Shape);
        Assert.Equal(bytes, MemoryEstimate.Of(plan).Weights);
        // A token: one layer's values and what is around it, both models' logits, and probabilities.
        Assert.Equal(bytes + 4 * (2048 + 768) + 3 * 4 * 512, MemoryEstimate.Of(plan).Activations);
        // Where nothing is generated, as before dpo, it comes and goes as well, and nothing is packed; a CPU's kernels need no probabilities.
        Assert.Equal(MemoryEstimate.Of(plan).Activations - 4 * 512, MemoryEstimate.Of(plan with { OnCpu = true, CachedTokens = 0 }).Activations);
        Assert.Equal(MemoryEstimate.Of(Plan(100_000) with { OnCpu = false, InKernels = false }).Activations,
            MemoryEstimate.Of(Plan(100_000) with { Models = [new(Shape, Upkeep.Trained), new(Shape, Upkeep.Passing)], OnCpu = false, InKernels = false, CachedTokens = 1 }).Activations);
    }

    [Fact]
    public void Of_GenerationThatTakesMost_HasItsCache()
    {
        var plan = Plan(1) with { Models = [new(Shape, Upkeep.Adapted)], CachedTokens = 10_000 };
        var cache = 10_000L * 4 * 2 * 128 * 4;
        Assert.Equal(cache, MemoryEstimate.Of(plan).Activations);
        Assert.Equal(cache, MemoryEstimate.Of(plan with { OnCpu = false, InKernels = false }).Activations);
        // 5,000 tokens' hidden states wait for the judging, on a CPU in float32
        var drawn = plan with { DrawnTokens = 5000 };
        Assert.Equal(5000L * 128 * 4, MemoryEstimate.Of(drawn).Activations - MemoryEstimate.Of(plan).Activations);
        Assert.Equal(cache, MemoryEstimate.Of(drawn with { OnCpu = false, InKernels = false }).Activations);
    }

    private static MemoryPlan Plan(long tokens) => new()
    {
        Models = [new(Shape, Upkeep.Trained), new(Shape, Upkeep.Frozen)], Tokens = tokens, Longest = 32, Dtype = Precision.Float32, OnCpu = true, InKernels = true,
    };
}
