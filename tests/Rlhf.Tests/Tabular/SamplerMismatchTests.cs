using Rlhf.Maths;
using Rlhf.Ppo;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Tabular;

/// <summary>A sampler that flattens the policy it is given: without a correction the trainer settles elsewhere than it should.</summary>
public sealed class SamplerMismatchTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(SamplerCorrectionKind.None, 0.05, 0.5)]
    [InlineData(SamplerCorrectionKind.Truncate, 0, 0.03)]
    [InlineData(SamplerCorrectionKind.Mask, 0, 0.03)]
    public void Update_DrawnFromAFlatterPolicy_SettlesAtTheOptimumOnlyWithTheCorrection(SamplerCorrectionKind kind, double least, double most)
    {
        // The bonus on entropy is no sample, so that max E[r] + c·H, π ∝ exp(r/c), is reached by an unbiased policy gradient alone.
        var recipe = new PpoRecipe
        {
            Algorithm = Algorithm.Rloo, Episodes = 512, Kl = new KlRecipe { Coefficient = 0 }, EntropyCoefficient = 0.5, Correction = new SamplerCorrectionRecipe { Kind = kind, Limit = 20 },
        };
        var policy = new Training(recipe, Problem.Bandit) { Sampler = logits => (logits * 0.6).log_softmax(-1) }.Run();
        var optimum = tensor(Problem.Bandit.Score.Cast<double>().Select(score => (float)(score / 0.5)).ToArray(), [3, 5]).softmax(-1);
        Assert.InRange((policy - optimum).abs().sum(-1).max().item<float>() / 2, least, most);
    }
}
