using Rlhf.Foundation.Jobs;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tests.Checkpoints;
using Rlhf.Policies.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Models;

public sealed class GradientCheckpointingTests
{
    public static TheoryData<TransformerConfig> Families => ModelFolderTests.Families;

    [Theory, MemberData(nameof(Families))]
    public void Backward_EveryFamily_GivesBitwiseTheSameLossAndGradients(TransformerConfig config)
    {
        using var scope = NewDisposeScope();
        using var model = CausalLm.Create(config with { InitializerRange = 0.2 }, seed: 5);
        ExpectTheSame(model, Padded);
    }

    [Theory, MemberData(nameof(Families))]
    public void Backward_WithAdapters_ReachesThoseOfTheFirstBlockToo(TransformerConfig config)
    {
        using var scope = NewDisposeScope();
        using var model = AdaptedModel.Of(config);
        ExpectTheSame(model, Padded);
        Assert.All(model.Trunk.Adapter!.Parameters, weight => Assert.True(weight.grad!.abs().max().item<float>() > 0));
    }

    [Fact]
    public void Backward_FrozenFirstBlock_LeavesItWithoutAGradient()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 3, 3, 16) with { TiedHead = false, InitializerRange = 0.2 }, seed: 5);
        Tensor[] frozen = [model.Trunk.Embedding, model.Trunk.get_parameter("positions")!, .. model.Trunk.Blocks[0].parameters()];
        foreach (var weight in frozen) weight.requires_grad = false;
        ExpectTheSame(model, Padded);
        Assert.All(frozen, weight => Assert.Null(weight.grad));
    }

    [Fact]
    public void Backward_InBFloat16_GivesBitwiseTheSame()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLm.Create(TransformerConfig.Llama(31, 24, 2, 6, 2, 40, 16), seed: 5).to(ScalarType.BFloat16);
        ExpectTheSame(model, Padded);
    }

    [Fact]
    public void Step_SeveralMicroBatchesAndNarrowWeights_LeavesBitwiseTheSameModel()
    {
        using var scope = NewDisposeScope();
        Expect.Same(Trained(false), Trained(true));

        static Tensor Trained(bool checkpointing)
        {
            using var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 2, 3, 16), seed: 5).to(ScalarType.BFloat16);
            model.Trunk.GradientCheckpointing = checkpointing;
            using var optimizer = new ModelOptimizer(model.named_parameters(), new OptimizerOptions());
            for (var step = 0; step < 3; step++)
            {
                int[][] parts = [[1, 2, 3, 4, 5], [6, 7], [8, 9, 10]];
                GradientAccumulation.Run(parts, part => Summed(model, TokenBatch.RightPadded([part, [.. part, 30]], 0, CPU)), 20, Collective.Alone);
                optimizer.Step(1e-2);
            }

            return cat([.. model.parameters().Select(weight => weight.detach().flatten())]);
        }
    }

    [Fact]
    public void Hidden_WithoutGradients_RecordsNothing()
    {
        using var scope = NewDisposeScope();
        using var model = CausalLm.Create(TransformerConfig.Gpt2(31, 24, 2, 3, 16), seed: 5);
        using var tokens = Padded();
        using var quiet = no_grad();
        var plain = model.Trunk.Hidden(tokens);
        model.Trunk.GradientCheckpointing = true;
        var hidden = model.Trunk.Hidden(tokens);
        Assert.False(hidden.requires_grad);
        Expect.Same(plain, hidden);
    }

    private static void ExpectTheSame(CausalLm model, Func<TokenBatch> tokens)
    {
        var (loss, gradients) = Results(model, tokens());
        model.Trunk.GradientCheckpointing = true;
        var (again, others) = Results(model, tokens());
        Expect.Same(loss, again);
        Assert.Equal(gradients.Keys, others.Keys);
        Assert.All(gradients, pair => Expect.Same(pair.Value, others[pair.Key]));
    }

    private static (Tensor Loss, Dictionary<string, Tensor> Gradients) Results(CausalLm model, TokenBatch tokens)
    {
        model.zero_grad();
        var loss = Summed(model, tokens);
        Autograd.Backward(loss);
        return (loss.detach(), Gradients.Of(model));
    }

    /// <summary>The batch is gone before the backward pass begins, as it is in training.</summary>
    private static Tensor Summed(CausalLm model, TokenBatch tokens)
    {
        using var batch = tokens;
        using var scope = NewDisposeScope();
        var logits = model.Logits(model.Trunk.Hidden(batch)).to(ScalarType.Float32).log_softmax(-1);
        return logits.narrow(1, 0, batch.Length - 1).gather(2, batch.Tokens.narrow(1, 1, batch.Length - 1).unsqueeze(2)).sum().neg().MoveToOuterDisposeScope();
    }

    private static TokenBatch Padded() => TokenBatch.LeftPadded([[1, 5, 9, 2, 30, 4, 4, 17], [3, 3, 8]], 0, CPU);
}
