using Rlhf.Maths;
using Rlhf.Ppo;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Tabular;

/// <summary>
/// Every algorithm with its defaults on problems small enough to be solved outside the product: where it settles is known. The
/// numbers are printed by tests/Rlhf.Tests/python/known_optima.py.
/// </summary>
public sealed class KnownOptimumTests : IDisposable
{
    private static readonly double[] Exponential1 = [0.444973, 0.099287, 0.022154, 0.163696, 0.269890, 0.089224, 0.659279, 0.089224, 0.073050, 0.089224, 0.117671, 0.043289, 0.527364, 0.194006, 0.117671];
    private static readonly double[] Exponential05 = [0.651430, 0.053473, 0.004389, 0.145354, 0.145354, 0.016719, 0.912814, 0.016719, 0.008302, 0.045446, 0.015831, 0.005824, 0.864360, 0.070951, 0.043034];
    private static readonly double[] ExponentialOfGroups = [0.603918, 0.063653, 0.006709, 0.152695, 0.173026, 0.026458, 0.876182, 0.026458, 0.014888, 0.056012, 0.027625, 0.010163, 0.807312, 0.096420, 0.058481];
    private static readonly double[] ForwardOfGroups = [0.614065, 0.067165, 0.022388, 0.113807, 0.182575, 0.056236, 0.787302, 0.056236, 0.061609, 0.038618, 0.081034, 0.029811, 0.760904, 0.079831, 0.048420];
    private static readonly double[] Standardised = [0.816526, 0.032971, 0.016381, 0.044500, 0.089623, 0.050467, 0.811020, 0.050467, 0.062327, 0.025720, 0.082935, 0.030510, 0.783044, 0.064431, 0.039080];
    private static readonly double[] TreeReward = [0.330415, 0.227351, 0.442233, 0.899052, 0.027149, 0.073799, 0.117310, 0.866813, 0.015876];
    private static readonly double[] TreeLossK2 = [0.209469, 0.266150, 0.524381, 0.865661, 0.043099, 0.091240, 0.160468, 0.814923, 0.024609];
    private static readonly double[] TreeLossK3 = [0.261169, 0.212823, 0.526008, 0.782908, 0.130121, 0.086971, 0.198038, 0.745954, 0.056008];

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    public static TheoryData<Algorithm, double, KlEstimator?, PolicyObjective?, double[]> Bandits => new()
    {
        { Algorithm.Ppo, 1, null, null, Exponential1 },
        { Algorithm.Ppo, 0.5, null, null, Exponential05 },
        { Algorithm.Ppo, 0.5, null, PolicyObjective.KlPenalty, Exponential05 },
        { Algorithm.Ppo, 0.5, null, PolicyObjective.PolicyGradient, Exponential05 },
        { Algorithm.Rloo, 0.5, null, null, Exponential05 },
        { Algorithm.ReinforcePlusPlus, 0.5, null, null, Exponential05 },
        // Without the deviation the group's own mean leaves 7/8 of the score; k2 has the gradient of KL(π‖ρ), k3 that of KL(ρ‖π).
        { Algorithm.DrGrpo, 0.5, KlEstimator.K2, null, ExponentialOfGroups },
        { Algorithm.DrGrpo, 0.5, null, null, ForwardOfGroups },
        { Algorithm.Grpo, 0.5, null, null, Standardised },
        { Algorithm.Gspo, 0.5, null, null, Standardised },
        { Algorithm.Cispo, 0.5, null, null, Standardised },
    };

    [Theory]
    [MemberData(nameof(Bandits))]
    public void Update_OneToken_SettlesAtTheKnownOptimum(Algorithm algorithm, double beta, KlEstimator? estimator, PolicyObjective? objective, double[] optimum)
    {
        var recipe = Recipe(algorithm, beta, estimator) with { Objective = objective, Epochs = objective == PolicyObjective.PolicyGradient ? 1 : new PpoRecipe().Epochs };
        Near(optimum, new Training(recipe, Problem.Bandit).Run());
        Assert.All(Distances(optimum, Problem.Bandit.LogReference().exp()), distance => Assert.InRange(distance, 0.1, 1));
    }

    public static TheoryData<Algorithm, KlEstimator?, double[]> Trees => new()
    {
        { Algorithm.Ppo, null, TreeReward },
        { Algorithm.Rloo, null, TreeReward },
        { Algorithm.ReinforcePlusPlus, null, TreeReward },
        { Algorithm.DrGrpo, KlEstimator.K2, TreeLossK2 },
        { Algorithm.DrGrpo, null, TreeLossK3 },
    };

    [Theory]
    [MemberData(nameof(Trees))]
    public void Update_OneTokenOrTwo_SettlesAtTheKnownOptimum(Algorithm algorithm, KlEstimator? estimator, double[] optimum) =>
        Near(optimum, new Training(Recipe(algorithm, 0.5, estimator), Problem.Tree).Run());

    [Theory]
    [InlineData(Algorithm.Ppo)]
    [InlineData(Algorithm.Grpo)]
    [InlineData(Algorithm.DrGrpo)]
    [InlineData(Algorithm.Gspo)]
    [InlineData(Algorithm.Cispo)]
    [InlineData(Algorithm.Rloo)]
    [InlineData(Algorithm.ReinforcePlusPlus)]
    public void Update_DriftFree_FindsTheBestAnswer(Algorithm algorithm)
    {
        var policy = Expect.Numbers(new Training(Recipe(algorithm, 0, null), Problem.Tree).Run());
        Assert.InRange(policy[2] * policy[7], 0.97, 1);   // action 2 in state 0, action 1 in state 2
    }

    [Theory]
    [InlineData(Algorithm.Ppo)]
    [InlineData(Algorithm.Grpo)]
    [InlineData(Algorithm.DrGrpo)]
    [InlineData(Algorithm.Gspo)]
    [InlineData(Algorithm.Cispo)]
    [InlineData(Algorithm.Rloo)]
    [InlineData(Algorithm.ReinforcePlusPlus)]
    public void Update_NothingScores_KlAlonePullsBackToTheReference(Algorithm algorithm)
    {
        var away = tensor(new[] { 0, 0, 1.5f, 1, -1, 0, -1, 0, 1f }, [3, 3]).log_softmax(-1);
        var policy = new Training(Recipe(algorithm, null, null), Problem.Tree.WithoutScores()) { Start = away }.Run();
        Assert.All(Divergences(away.exp()), kl => Assert.InRange(kl, 0.2, 2));
        Assert.All(Divergences(policy), kl => Assert.InRange(kl, -1e-6, 1e-3));
    }

    /// <summary>As it comes, but for β.</summary>
    private static PpoRecipe Recipe(Algorithm algorithm, double? beta, KlEstimator? estimator) =>
        new() { Algorithm = algorithm, Episodes = 512, Kl = new KlRecipe { Coefficient = beta, Estimator = estimator }, Sampling = new() { MaxNewTokens = 2 } };

    private static void Near(double[] optimum, Tensor policy) =>
        Assert.All(Distances(optimum, policy), distance => Assert.InRange(distance, 0, 0.02));

    /// <summary>Total variation of each state.</summary>
    private static double[] Distances(double[] optimum, Tensor policy) =>
        [.. Expect.Numbers(policy).Zip(optimum, (a, b) => Math.Abs(a - b) / 2).Chunk((int)policy.shape[1]).Select(row => row.Sum())];

    private static double[] Divergences(Tensor policy)
    {
        var log = policy.log();
        return Expect.Numbers((policy * (log - Problem.Tree.LogReference())).sum(-1));
    }
}
