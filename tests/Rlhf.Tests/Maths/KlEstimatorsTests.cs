using Rlhf.Maths;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Maths;

public sealed class KlEstimatorsTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    // π = (½, ½), ρ = (¼, ¾)
    private readonly Tensor _policy = tensor(new[] { 0.5, 0.5 }).log();
    private readonly Tensor _reference = tensor(new[] { 0.25, 0.75 }).log();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void K1_TwoTokens_IsTheLogRatio() =>
        Expect.Near([0.69314718, -0.40546511], KlEstimators.Estimate(KlEstimator.K1, _policy, _reference));

    [Fact]
    public void K2_TwoTokens_IsHalfItsSquare() =>
        Expect.Near([0.24022651, 0.08220098], KlEstimators.Estimate(KlEstimator.K2, _policy, _reference));

    [Fact]
    public void K3_TwoTokens_UsesTheRatioOfReferenceToPolicy()
    {
        // ½ − 1 − ln ½ and 1.5 − 1 − ln 1.5; the inverted ratio would give 2 − 1 − ln 2 = 0.3069 first
        Expect.Near([0.19314718, 0.09453489], KlEstimators.Estimate(KlEstimator.K3, _policy, _reference));
    }

    [Fact]
    public void Exact_UnnormalisedLogits_IsTheSumOverTheVocabulary()
    {
        // ½·ln 2 + ½·ln ⅔
        Expect.Near(0.14384104, KlEstimators.Exact(_policy + 3, _reference - 1));
    }

    [Theory]
    [InlineData(KlEstimator.K1)]
    [InlineData(KlEstimator.K3)]
    public void Estimate_ExpectationUnderThePolicy_IsTheExactKl(KlEstimator kind) =>
        Expect.Near(0.14384104, (_policy.exp() * KlEstimators.Estimate(kind, _policy, _reference)).sum());

    [Fact]
    public void K2_ExpectationUnderThePolicy_IsBiased() =>
        Expect.Near(0.16121375, (_policy.exp() * KlEstimators.K2(_policy, _reference)).sum());
}
