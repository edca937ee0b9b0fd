using Rlhf.Foundation.Recipes;

namespace Rlhf.Foundation.Tests.Recipes;

public sealed class HostileRecipeTests
{
    [Theory]
    [InlineData("name: a\nname: b", "r.yaml:2: key 'name' is given twice (first at r.yaml:1); remove one")]
    [InlineData("name: &x a\nout: *x", "r.yaml:2: found a YAML alias (*name); write the value out")]
    [InlineData("name: !!python/object:os.system ls", "r.yaml:1: found the YAML tag tag:yaml.org,2002:python/object:os.system; recipes have plain values only, so remove it")]
    [InlineData("name: a\n---\nname: b", "r.yaml:2: a second YAML document starts here; a recipe is one document, so remove the '---'")]
    [InlineData("? [a]\n: b", "r.yaml:1: found a list or section as a key; keys are names")]
    public void Bind_WhatRecipesNeverNeed_IsRefused(string yaml, string message) =>
        Assert.Equal(message, Assert.Throws<RlhfException>(() => RecipeBinder.Bind<SampleRecipe>(yaml, "r.yaml")).Message);

    [Theory]
    [InlineData("name: 'a")]
    [InlineData("name: [a")]
    [InlineData("name: a: b")]
    [InlineData("name: a\n\tout: b")]
    [InlineData("name: \"\\q\"")]
    public void Bind_BrokenYaml_NamesTheLine(string yaml) =>
        Assert.Matches(@"^r\.yaml:\d+: not valid YAML: [^\n]+$", Assert.Throws<RlhfException>(() => RecipeBinder.Bind<SampleRecipe>(yaml, "r.yaml")).Message);

    [Theory]
    [InlineData("name: ", "[", 100_000)]
    [InlineData("name: ", "{a: ", 100_000)]
    [InlineData("", "- ", 100_000)]
    public void Bind_DeepNesting_IsRefusedWithoutRecursion(string start, string piece, int times)
    {
        var yaml = start + string.Concat(Enumerable.Repeat(piece, times));

        Assert.Contains("nested more than 16 levels deep", Assert.Throws<RlhfException>(() => RecipeBinder.Bind<SampleRecipe>(yaml, "r.yaml")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bind_HugeText_IsRefused() =>
        Assert.Contains("a recipe has at most 1048576", Assert.Throws<RlhfException>(() => RecipeBinder.Bind<SampleRecipe>(new string(' ', 2_000_000), "r.yaml")).Message, StringComparison.Ordinal);

    [Fact]
    public void Bind_MutatedRecipes_NeverFailsOtherwiseThanCleanly()
    {
        var seed = RecipeWriter.Write(new SampleRecipe { Other = new OtherSection() });
        const string Alphabet = "\n\t :-{}[]'\"#&*!?|>%@`,0aé\0\u2028";
        var random = new Random(20240607);
        for (var round = 0; round < 20_000; round++)
        {
            var text = seed.ToCharArray().ToList();
            for (var edits = random.Next(1, 6); edits > 0; edits--)
            {
                var at = random.Next(text.Count);
                if (random.Next(2) == 0) text[at] = Alphabet[random.Next(Alphabet.Length)];
                else text.RemoveAt(at);
            }

            try
            {
                RecipeBinder.Bind<SampleRecipe>(new string([.. text]), "r.yaml");
            }
            catch (RlhfException error)
            {
                Assert.DoesNotContain('\n', error.Message);
            }
        }
    }
}
