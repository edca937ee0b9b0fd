using Rlhf.Ppo;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Tabular;

public sealed class DistillationTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    private static Tensor Teacher => tensor(new[] { 0, 1.5f, -1, 1, 0, -1, 0, 0, 1f }, [3, 3]).log_softmax(-1);

    [Theory]
    [InlineData(TeacherDivergence.Exact)]
    [InlineData(TeacherDivergence.Sampled)]
    public void Update_TeacherAlone_EndsAtItsDistributionInEveryState(TeacherDivergence divergence)
    {
        var recipe = Recipe(Algorithm.Distillation, divergence, 1);
        var policy = new Training(recipe, Problem.Tree.WithoutScores()) { Teacher = Teacher }.Run();
        Assert.InRange(Distance(Problem.Tree.LogReference().exp(), Teacher.exp()), 0.2, 1);
        Assert.InRange(Distance(policy, Teacher.exp()), 0, 0.02);
    }

    /// <summary>max E[r] − c·KL(π‖τ) is reached by π ∝ τ·exp(r/c).</summary>
    [Theory]
    [InlineData(TeacherDivergence.Exact)]
    [InlineData(TeacherDivergence.Sampled)]
    public void Update_TeacherBesideAScore_SettlesBetweenTheTwo(TeacherDivergence divergence)
    {
        var teacher = tensor(new[] { 0, 1, -1, 0, 0.5f, 1, 0, 0, 0, 0, -1, 0, 1, 0, 0f }, [3, 5]).log_softmax(-1);
        var recipe = Recipe(Algorithm.Rloo, divergence, 0.5) with { Kl = new KlRecipe { Coefficient = 0 } };
        var policy = new Training(recipe, Problem.Bandit) { Teacher = teacher }.Run();
        var optimum = (teacher + tensor(Problem.Bandit.Score.Cast<double>().Select(score => (float)(score / 0.5)).ToArray(), [3, 5])).softmax(-1);
        Assert.InRange(Distance(policy, optimum), 0, 0.02);
    }

    private static PpoRecipe Recipe(Algorithm algorithm, TeacherDivergence divergence, double coefficient) => new()
    {
        Algorithm = algorithm, Episodes = 512, Sampling = new() { MaxNewTokens = 2 }, Teacher = new TeacherRecipe { Model = "teacher", Divergence = divergence, Coefficient = coefficient },
    };

    /// <summary>The largest total variation of a state.</summary>
    private static float Distance(Tensor a, Tensor b) => (a - b).abs().sum(-1).max().item<float>() / 2;
}
