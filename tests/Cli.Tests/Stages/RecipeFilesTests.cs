using Rlhf.Cli.Commands;
using Rlhf.Cli.Stages;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Dpo;
using Rlhf.Foundation.Recipes;
using Rlhf.Ppo;

namespace Rlhf.Cli.Tests.Stages;

/// <summary>The recipes under data/recipes: what they say is what the program reads.</summary>
public sealed class RecipeFilesTests
{
    public static TheoryData<string> Files() =>
        [.. Directory.EnumerateFiles(Folder, "*.yaml", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Folder, path)).Order(StringComparer.Ordinal)];

    private static string Folder => Path.Combine(TestData.Repository, "data", "recipes");

    [Theory]
    [MemberData(nameof(Files))]
    public void Recipe_Shipped_BindsAndPrintsAsTheSameRecipe(string file)
    {
        var recipe = RecipeBinder.Load<Recipe>(Path.Combine(Folder, file));

        Assert.NotEmpty(Pipeline.Of(recipe));
        Assert.Empty(RecipeDiff.Between(recipe, RecipeBinder.Bind<Recipe>(RecipeWriter.Write(recipe), "printed")));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Recipe_Shipped_SaysWhereInputsComeFromAndWhatItCosts(string file)
    {
        var head = string.Join('\n', File.ReadLines(Path.Combine(Folder, file)).TakeWhile(line => line.StartsWith('#')));

        Assert.All(["Inputs:", "Time:", "Memory:"], word => Assert.Contains(word, head, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Recipe_WithAMisspeltKey_IsRefusedWithTheNearestOne(string file)
    {
        var path = Path.Combine(Folder, file);

        var ending = InProcess.Run("ppo", path, "ppo.optimizer.learning_rat=1");

        Assert.Equal((2, "rlhf ppo: the override ppo.optimizer.learning_rat=1: unknown key 'ppo.optimizer.learning_rat'; did you mean 'ppo.optimizer.learning_rate'?\n"), (ending.Code, ending.Error));
    }

    [Fact]
    public void Methods_EveryAlgorithmAndObjective_HasARecipe()
    {
        Recipe[] methods = [.. Directory.EnumerateFiles(Path.Combine(Folder, "methods"), "*.yaml").Select(path => RecipeBinder.Load<Recipe>(path))];

        Assert.Equal(Enum.GetValues<Algorithm>().Order(), methods.Select(recipe => recipe.Ppo?.Algorithm).OfType<Algorithm>().Distinct().Order());
        Assert.Equal(Enum.GetValues<DpoObjective>().Order(), methods.Select(recipe => recipe.Dpo?.Objective).OfType<DpoObjective>().Order());
    }

    [Fact]
    public void Methods_OfTheComparison_HaveTheSameBudget()
    {
        foreach (var path in Directory.EnumerateFiles(Path.Combine(Folder, "methods"), "*.yaml"))
        {
            var recipe = RecipeBinder.Load<Recipe>(path);
            if (recipe.Sweep is null) continue;
            Assert.Equal($"methods-{Path.GetFileNameWithoutExtension(path)}", recipe.Name);
            Assert.Equal(["1", "2", "3"], recipe.Sweep.Grid["seed"]);
            if (recipe.Ppo is { } ppo) Assert.Equal(20 * 64, ppo.Steps * ppo.Episodes);
            if (recipe.Dpo is { } dpo) Assert.Equal(64, dpo.BatchSize * (dpo.Objective == DpoObjective.Kto ? 1 : 2));
        }
    }
}
