using Rlhf.Maths;
using Rlhf.Ppo;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Tabular;

public sealed class EntropyTargetTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(0, 0, 0.1)]
    [InlineData(0.8, 0.7, 0.9)]
    public void Update_WithAndWithoutATarget_CollapsesOrHoldsTheEntropy(double target, double least, double most)
    {
        var recipe = new PpoRecipe { Algorithm = Algorithm.Rloo, Episodes = 512, Kl = new KlRecipe { Coefficient = 0 }, EntropyTarget = target, EntropyGain = 0.1 };
        var policy = new Training(recipe, Problem.Bandit).Run();
        Assert.InRange(Entropy.OfLogits(policy.log()).mean().item<float>(), least, most);
    }
}
