using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Models;
using Rlhf.Policies.Training;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Training;

[Trait("Speed", "slow")]
public sealed class TrainingMemoryTests
{
    private const int Steps = 400, Length = 8;

    // One tensor of the batch's hidden states left behind in each step would be 6 MiB, one gradient of all weights 200.
    private const double MostGrowth = 4 << 20;

    /// <summary>The benchmarks' <c>leak</c> does the same for 20,000 steps.</summary>
    [Fact]
    public void Memory_OfManySteps_StaysFlat()
    {
        using var model = CausalLm.Create(TransformerConfig.Gpt2(128, 32, 2, 2, Length), seed: 0);
        using var optimizer = new ModelOptimizer(model.named_parameters(), new OptimizerOptions { MaxGradientNorm = 1 });
        using var batch = TokenBatch.RightPadded([.. Enumerable.Range(0, 4).Select(row => Enumerable.Range(0, Length).Select(i => (row + i) % 128).ToArray())], 0, CPU);
        Train(model, optimizer, batch, Steps);
        // What leaks grows every time; what the process takes once for something else does not.
        var growth = double.PositiveInfinity;
        for (var round = 0; round < 3 && growth > MostGrowth; round++)
        {
            var before = HeldMemory.AfterCollection();
            Train(model, optimizer, batch, Steps);
            growth = Math.Min(growth, HeldMemory.AfterCollection() - before);
        }

        Assert.InRange(growth, double.NegativeInfinity, MostGrowth);
    }

    /// <summary>A step makes so few objects that none of them may wait for a collection with a gradient in its hand.</summary>
    [Fact]
    public void Memory_OfGradients_IsGivenBackWithoutACollection()
    {
        using var model = CausalLm.Create(TransformerConfig.Gpt2(128, 256, 4, 4, Length), seed: 0);
        using var optimizer = new ModelOptimizer(model.named_parameters(), new OptimizerOptions { MaxGradientNorm = 1 });
        using var batch = TokenBatch.RightPadded([[.. Enumerable.Range(0, Length)]], 0, CPU);
        var gradients = sizeof(float) * model.parameters().Sum(parameter => parameter.numel());
        Train(model, optimizer, batch, steps: 3);
        var before = HeldMemory.AfterCollection();
        Train(model, optimizer, batch, steps: 12);
        Assert.InRange(HeldMemory.Read() - before, double.NegativeInfinity, 2 * gradients);
    }

    private static void Train(CausalLm model, ModelOptimizer optimizer, TokenBatch batch, int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            var targets = batch.Tokens.reshape(-1);
            var weights = full([targets.numel()], Number.Of(1.0 / targets.numel()), ScalarType.Float32);
            Autograd.Backward(TokenLoss.WeightedNll(model.Trunk.Hidden(batch).view(-1, model.Config.Width), model.HeadWeight, targets, weights));
            optimizer.Step(1e-3).Dispose();
        }
    }
}
