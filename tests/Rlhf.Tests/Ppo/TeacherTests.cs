using Rlhf.Foundation;
using Rlhf.Policies.Families;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Models;
using Rlhf.Ppo;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Ppo;

public sealed class TeacherTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TinyWorld _world = new();

    public void Dispose()
    {
        _world.Dispose();
        _scope.Dispose();
    }

    [Theory]
    [InlineData(TeacherDivergence.Exact)]
    [InlineData(TeacherDivergence.Sampled)]
    public void Train_TeacherAlone_ComesCloserToIt(TeacherDivergence divergence)
    {
        var metrics = Train(Recipe(divergence), _world.Model(seed: 2));
        Assert.True(metrics[^1]["teacher_kl_token"] < 0.6 * metrics[0]["teacher_kl_token"], $"{metrics[0]["teacher_kl_token"]} to {metrics[^1]["teacher_kl_token"]}");
        Assert.All(metrics, step => Assert.Equal(0, step["teacher_outside"]));
        Assert.All(["raw_score", "score", "reward", "success_rate"], name => Assert.DoesNotContain(name, metrics[0].Keys));
    }

    [Fact]
    public void Train_TeacherIsThePolicy_HasNothingToTeach()
    {
        var metrics = Train(Recipe(TeacherDivergence.Exact) with { Steps = 2, Kl = new KlRecipe() }, _world.Model());
        Assert.Equal(0, metrics[0]["teacher_kl"], 1e-5);
        Assert.Equal(0, metrics[1]["kl_exact"], 1e-5);
    }

    /// <summary>Kernels lay a head out for as long as its tensor is there: one tensor, not one for each look at it.</summary>
    [Fact]
    public void Judge_AgainAndAgain_LaysTheHeadOutOnce()
    {
        const int Vocabulary = 20_000, Width = 64;
        using var policy = CausalLm.Create(TransformerConfig.Gpt2(Vocabulary, Width, 1, 1, 8), seed: 1);
        var teacher = new Teacher(CausalLm.Create(TransformerConfig.Gpt2(Vocabulary + 1, Width, 1, 1, 8), seed: 2), Vocabulary);
        using var tokens = ResponseBatch.Of([new Exchange([3, 4], [5, 6])], 0, CPU);
        using var off = no_grad();
        Judge();
        var before = HeldMemory.Read();
        for (var i = 0; i < 20; i++) Judge();
        Assert.InRange(HeldMemory.Read() - before, long.MinValue, 8L * 4 * Vocabulary * Width);

        void Judge()
        {
            using var scope = NewDisposeScope();
            teacher.Judge(tokens, policy.Trunk.HiddenAt(tokens.Tokens, tokens.Predicting), policy.Head, 1);
        }
    }

    [Theory]
    [InlineData("coefficient", 3)]
    [InlineData("divergence", 1)]
    public void Train_OtherTeacherKey_LeavesOtherMetrics(string key, double coefficient)
    {
        var recipe = Recipe(TeacherDivergence.Exact) with { Steps = 2 };
        var other = recipe with { Teacher = recipe.Teacher! with { Coefficient = coefficient, Divergence = key == "divergence" ? TeacherDivergence.Sampled : TeacherDivergence.Exact } };
        Assert.NotEqual(Train(recipe, _world.Model(seed: 2))[1]["teacher_kl"], Train(other, _world.Model(seed: 2))[1]["teacher_kl"]);
    }

    [Fact]
    public void Judge_TeacherWithMoreTokens_IsRenormalisedAndTellsWhatLiesOutside()
    {
        var (policy, teacher) = (_world.Model(), Larger(30));
        var models = new LanguageActorCritic(policy, null, 1, EntropyUse.Ignored, 0, CPU) { Teacher = new Teacher(teacher, policy.Config.Vocabulary) };
        using var off = no_grad();
        using var tokens = models.Read([new Exchange([3, 4], [5, 6])]);
        var hidden = policy.Trunk.HiddenAt(tokens.Tokens, tokens.Predicting);
        var found = models.Teacher!.Judge(tokens, hidden, policy.HeadWeight, 1);

        var all = teacher.Logits(teacher.Trunk.Hidden(TokenBatch.LeftPadded([[3, 4, 5]], 0, CPU)))[0].softmax(-1).narrow(0, 1, 2);
        var inside = all.narrow(1, 0, policy.Config.Vocabulary);
        var share = inside.sum(-1);
        Expect.Near(Expect.Numbers((inside / share.unsqueeze(1)).log().gather(1, tensor(new long[] { 5, 6 }).unsqueeze(1)).squeeze(1)), found[0], 1e-5);
        Expect.Near(Expect.Numbers(1 - share), found[2], 1e-5);
        Assert.All(Expect.Numbers(found[2]), outside => Assert.InRange(outside, 0.005, 0.5));
    }

    // KL and p·(ln p − ln q − KL)/T, worked out in Python's floats and its gradient by differences.
    [Theory]
    [InlineData(1, new[] { 0.5f, -1, 2 }, new[] { 1, 0, -0.5f }, 1.060292305, new[] { -0.409694808, -0.110971555, 0.520666362 })]
    [InlineData(1, new[] { 0, 0.3f, -0.2f }, new[] { 0.1f, 0.1f, 1.5f }, 0.362011158, new[] { 0.090140955, 0.249481316, -0.339622271 })]
    [InlineData(0.7, new[] { 0.5f, -1, 2 }, new[] { 1, 0, -0.5f }, 1.819566054, new[] { -0.560154498, -0.078133879, 0.638288377 })]
    [InlineData(0.7, new[] { 0, 0.3f, -0.2f }, new[] { 0.1f, 0.1f, 1.5f }, 0.727249197, new[] { 0.140164823, 0.501126530, -0.641291353 })]
    public void Divergence_ThreeTokens_HasTheValueAndGradientOfTheFormula(double temperature, float[] policy, float[] teacher, double divergence, double[] gradient)
    {
        // States that are their own logits.
        var logits = tensor(policy, [1, 3], requires_grad: true);
        var found = ExactKl.Of(logits, eye(3), tensor(teacher, [1, 3]), eye(3), temperature);
        Foundation.Torch.Autograd.Backward(found.sum());
        Expect.Near([divergence], found, 1e-6);
        Expect.Near(gradient, logits.grad!, 1e-6);
    }

    [Fact]
    public void Estimate_SampledDivergence_IsTheNegativeAdvantageOfEachTokenAlone()
    {
        var recipe = Recipe(TeacherDivergence.Sampled);
        recipe = recipe with { Teacher = recipe.Teacher! with { Coefficient = 0.5 } };
        static Tensor Cells(params double[] numbers) => tensor(numbers).reshape(2, 2);
        var batch = new Trajectories(new TokenLayout([2, 1], CPU)) { LogProbs = Cells(-1, -0.5, -3, 9), TeacherLogProbs = Cells(-0.2, -2, -3, 9) };
        var (advantages, _) = new AdvantageEstimator(recipe).Estimate(batch, Cells(0, 0, 0, 0));
        Expect.Near([0.5 * 0.8, 0.5 * -1.5, 0, 0], advantages, 1e-12);
    }

    [Fact]
    public void Teacher_FewerTokensThanThePolicy_IsRefused() =>
        Assert.Contains("a teacher has to have a probability for each", Assert.Throws<RlhfException>(() => new Teacher(_world.Model(), 300)).Message, StringComparison.Ordinal);

    private static PpoRecipe Recipe(TeacherDivergence divergence) => TinyWorld.Recipe with
    {
        Algorithm = Algorithm.Distillation, Steps = 12, Episodes = 24, Teacher = new TeacherRecipe { Model = "teacher", Divergence = divergence },
    };

    /// <summary>A model with more rows in its head than there are tokens.</summary>
    private CausalLm Larger(int more)
    {
        var shape = TransformerConfig.Gpt2(_world.Tokenizer.VocabularySize + more, width: 16, layers: 1, heads: 2, context: 32);
        return CausalLm.Create(shape with { TiedHead = false, InitializerRange = 0.3 }, 4);
    }

    private List<Dictionary<string, double>> Train(PpoRecipe recipe, CausalLm teacher)
    {
        var name = Guid.NewGuid().ToString("N");
        var inputs = new PpoInputs
        {
            Recipe = recipe, Policy = _world.Model(), Teacher = teacher, Tokenizer = _world.Tokenizer, Scorer = null, Prompts = _world.Prompts, Seed = 5, Device = CPU,
        };
        using (var run = _world.Open(name, recipe)) PpoAssembly.Build(inputs, run).Train(_world.TokenizerFolder);
        return _world.Metrics(name);
    }
}
