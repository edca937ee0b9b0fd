using Rlhf.Foundation.Torch;
using Rlhf.Maths;
using Rlhf.Ppo;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Ppo;

/// <summary>Two responses of 3 and 2 tokens. What PyTorch makes of them in float64 is printed by tests/Rlhf.Tests/python/surrogates.py.</summary>
public sealed class SurrogateTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    public static TheoryData<string, double, double[]> Cases => new()
    {
        { "{}", -0.650483742, [0, -0.180967484, 0.090483742, 0, 0] },
        { "{clip_high: 0.4, loss_averaging: sequence}", -0.800379586, [-0.224976468, -0.150806236, 0.075403118, 0, 0] },
        { "{clip: 0.2, clip_high: 0.28}", -0.698483742, [0, -0.180967484, 0.090483742, 0, 0] },
        { "{loss_averaging: constant}", -0.406552339, [0, -0.113104677, 0.056552339, 0, 0] },
        { "{objective: sequence_clip, loss_averaging: sequence}", -0.468392487, [-0.172315852, -0.172315852, 0.086157926, -0.452418709, 0] },
        { "{objective: sequence_clip, clip: 0.3, clip_high: 0.4, loss_averaging: sequence}", -0.484683133, [-0.172315852, -0.172315852, 0.086157926, -0.452418709, 0.226209355] },
        { "{objective: clipped_weight, clip_high: 0.3}", 0.264734164, [-0.26, -0.180967484, 0.090483742, -0.52, 0.099317061] },
        { "{objective: clipped_weight, clip: 0.3, clip_high: 0.3}", 0.203709755, [-0.26, -0.180967484, 0.090483742, -0.52, 0.14] },
        { "{correction: {kind: truncate, limit: 1.5}}", -0.645357946, [0, -0.180967484, 0.135725613, 0, 0] },
        { "{correction: {kind: mask, limit: 1.5}}", -0.878128464, [0, -0.180967484, 0, 0, 0] },
        { "{kl: {placement: loss, estimator: k2}}", -0.618683742, [0.006, -0.168967484, 0.030483742, 0.006, 0] },
        { "{kl: {placement: loss}, loss_averaging: sequence}", -0.637947812, [0.004758129, -0.141742774, -0.010510973, 0.007137194, 0] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_TwoResponses_HasPyTorchsLossAndGradient(string yaml, double loss, double[] gradient)
    {
        var recipe = Foundation.Recipes.RecipeBinder.Bind<PpoRecipe>(yaml, "r.yaml") with { Sampling = new() { MaxNewTokens = 4 } };
        var (found, gradients) = Of(recipe, Numbers(1, 1, -0.5, 2, -1));
        Assert.Equal(loss, found, 1e-8);
        Expect.Near(gradient, gradients, 1e-8);
    }

    [Fact]
    public void Of_SequenceClipWithOneAdvantageAResponse_IsThePapersSequenceLoss()
    {
        var recipe = new PpoRecipe { Algorithm = Algorithm.Gspo, Clip = 0.3, ClipHigh = 0.4, Kl = new KlRecipe { Coefficient = 0 } };
        var (loss, gradient) = Of(recipe, Numbers(1, 1, 1, -2, -2), klCoefficient: 0);
        Assert.Equal(0.387889861, loss, 1e-8);
        Expect.Near([-0.172315852, -0.172315852, -0.172315852, 0.452418709, 0.452418709], gradient, 1e-8);
    }

    [Fact]
    public void Clipped_ByObjective_SaysWhereTheClipDecided()
    {
        // ratios: 1.35, 0.90, 0.90, 1.65, 0.50; means of their logarithms: 0.0333, −0.1
        Assert.Equal([1, 0, 0, 1, 1], Clipped(PolicyObjective.Clip));
        Assert.Equal([0, 0, 0, 0, 1], Clipped(PolicyObjective.SequenceClip));
        Assert.Equal([0, 0, 0, 0, 0], Clipped(PolicyObjective.ClippedWeight));
        Assert.Equal([0, 0, 0, 0, 0], Clipped(PolicyObjective.KlPenalty));
    }

    private static double[] Clipped(PolicyObjective objective) =>
        Expect.Numbers(new Surrogate(new PpoRecipe { Objective = objective }, 1).Clipped(New(), Then(new PpoRecipe(), Numbers(1, 1, -0.5, 2, -1))));

    private static (double Loss, Tensor Gradient) Of(PpoRecipe recipe, Tensor advantages, double klCoefficient = 0.3)
    {
        var logProbs = New().requires_grad_();
        var (loss, _) = new LossTerms(recipe, new UpdateSettings { Step = 0, KlCoefficient = klCoefficient })
            .Of(new TokenEvaluation { LogProbs = logProbs }, Then(recipe, advantages));
        Autograd.Backward(loss);
        return (loss.item<double>(), logProbs.grad!);
    }

    private static MinibatchTokens Then(PpoRecipe recipe, Tensor advantages)
    {
        var weights = LossWeights.PerToken([3, 2], recipe.Averaging, recipe.Sampling.MaxNewTokens);
        var old = Numbers(-1.3, -0.6, -1.9, -0.9, -0.8);
        return new MinibatchTokens
        {
            LogProbs = old,
            Advantages = advantages,
            Weights = Numbers(weights[0], weights[0], weights[0], weights[1], weights[1]),
            Total = 5,
            ReferenceLogProbs = Numbers(-1.1, -0.9, -1.0, -0.5, -1.5),
            Correction = recipe.Correction.Kind == SamplerCorrectionKind.None ? null
                : SamplerCorrection.Weights(recipe.Correction.Kind, old, Numbers(-1.2, -0.6, -3.0, -0.9, -0.3), recipe.Correction.Limit),
            Episodes = tensor(new long[] { 0, 0, 0, 1, 1 }),
            Lengths = Numbers(3, 2),
        };
    }

    private static Tensor New() => Numbers(-1.0, -0.7, -2.0, -0.4, -1.5);

    private static Tensor Numbers(params double[] numbers) => tensor(numbers);
}
