using Rlhf.Policies.Models;
using Rlhf.Program;

namespace Rlhf.Tests.Program;

public sealed class MemoryEstimateTests
{
    [Fact]
    public void Parameters_Gpt2_AreThoseItsAuthorsCount()
    {
        // GPT-2 small: 124,439,808 with tied embeddings.
        Assert.Equal(124_439_808, MemoryEstimate.Parameters(TransformerConfig.Gpt2(50257, 768, 12, 12, 1024)));
    }

    [Fact]
    public void Of_TrainedAndFrozen_Weighs16And4BytesAParameter()
    {
        var shape = TransformerConfig.Gpt2(512, 128, 4, 4, 64);
        var parameters = MemoryEstimate.Parameters(shape);

        Assert.Equal(20 * parameters, MemoryEstimate.Of([new(shape, Upkeep.Trained), new(shape, Upkeep.Frozen)], 1000, Precision.Float32).Weights);
        // In bfloat16 the trained weights have a copy to compute with, and its gradient is one too.
        Assert.Equal(18 * parameters, MemoryEstimate.Of([new(shape, Upkeep.Trained), new(shape, Upkeep.Frozen)], 1000, Precision.BFloat16).Weights);
    }

    [Fact]
    public void Of_TwiceTheTokens_KeepsTwiceTheActivations()
    {
        HeldModel[] models = [new(TransformerConfig.Gpt2(512, 128, 4, 4, 64), Upkeep.Trained)];
        var (none, once, twice) = (MemoryEstimate.Of(models, 0, Precision.Float32), MemoryEstimate.Of(models, 1000, Precision.Float32), MemoryEstimate.Of(models, 2000, Precision.Float32));

        Assert.Equal(2 * (once.Activations - none.Activations), twice.Activations - none.Activations);
        // 1000 tokens · 4 layers · (4·128 + 3·128 + 128 + 2·512) numbers of 4 bytes, and 512 logits a token with their gradients
        Assert.Equal(1000L * 4 * 2048 * 4 + 2 * 4 * 512 * 1000, once.Activations - none.Activations);
    }
}
