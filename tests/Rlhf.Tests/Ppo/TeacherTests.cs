using System.Text.Json;
using Rlhf.Foundation;
using Rlhf.Policies.Families;
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
        return [.. File.ReadLines(Path.Combine(_world.Folder(name), "metrics.jsonl")).Select(line => JsonSerializer.Deserialize<Dictionary<string, double>>(line)!)];
    }
}
