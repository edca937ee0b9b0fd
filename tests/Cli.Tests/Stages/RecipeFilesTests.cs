using Rlhf.Cli.Commands;
using Rlhf.Cli.Stages;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Cli.Tests.Stages;

/// <summary>The recipes under data/recipes: what they say is what the program reads.</summary>
public sealed class RecipeFilesTests
{
    public static TheoryData<string> Files() =>
        [.. Directory.EnumerateFiles(Folder, "*.yaml").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

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
}
