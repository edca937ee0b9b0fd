using Rlhf.Foundation.Torch;
using Rlhf.Policies.Models;
using Rlhf.Ppo;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Ppo;

public sealed class ReferenceTests
{
    /// <summary>Shares of a small difference are below a bit of bfloat16, and add up.</summary>
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Follow_SmallShares_ComesNearThePolicyAndGoesOnFromACheckpoint(ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var world = new TinyWorld();
        var start = world.Model().to(type);
        CausalLm policy = ModelCopy.Of(start), copy = Reference.Frozen(start);
        using (no_grad()) foreach (var weight in policy.parameters()) weight.mul_(Number.Of(1.04));
        var recipe = new ReferenceRecipe { Ema = 0.05 };
        var reference = new Reference(copy, recipe);
        for (var step = 0; step < 40; step++) reference.Follow(policy, step + 1);
        reference.Save(world.Folder("reference.safetensors"));
        var resumed = new Reference(Reference.Frozen(start), recipe);
        resumed.Load(world.Folder("reference.safetensors"));
        foreach (var one in (Reference[])[reference, resumed])
            for (var step = 40; step < 80; step++) one.Follow(policy, step + 1);

        Assert.InRange(Apart(reference.Model, policy) / Apart(start, policy), 0, 0.2); // 0.95^80 = 0.017, and bits
        Assert.Equal(0, Apart(reference.Model, resumed.Model));
    }

    private static double Apart(CausalLm one, CausalLm other) =>
        Math.Sqrt(one.parameters().Zip(other.parameters()).Sum(pair => (pair.First.detach().to(ScalarType.Float64) - pair.Second.detach().to(ScalarType.Float64)).pow(2).sum().ToDouble()));
}
