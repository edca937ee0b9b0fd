using Rlhf.Foundation.Recipes;

namespace Rlhf.Foundation.Tests.Recipes;

public sealed class RecipeWriterTests
{
    [Fact]
    public void Write_Defaults_PrintsKeysWithComments()
    {
        var text = RecipeWriter.Write(new SampleRecipe());

        Assert.StartsWith("""
            name: sample                            # Name of the run.
            out: null                               # Where results go.
            seed: 1

            trainer:                                # The trainer.
              steps: 10                             # Passes.
              clip: 0.2                             # Clip range.
              dropout: 0
              whiten: true
              flavour: kl_adaptive
              limit: null
              stop_strings: []
              betas: [0.9, 0.999]

            """, text, StringComparison.Ordinal);
        Assert.DoesNotContain("other:", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("~")]
    [InlineData("- a: b # c")]
    [InlineData("a\nb\tc\\d\"e'f")]
    [InlineData("\u0001\u2028\u0085é日本")]
    [InlineData("😀")]
    [InlineData(" leading and trailing ")]
    [InlineData("{a}")]
    public void Write_AnyText_ReadsBackTheSame(string words)
    {
        var recipe = new SampleRecipe { Name = words, Trainer = new TrainerSection { StopStrings = [words], Pieces = [new PieceSection { Path = words }] } };

        var back = RecipeBinder.Bind<SampleRecipe>(RecipeWriter.Write(recipe), "printed");

        Assert.Equal(words, back.Name);
        Assert.Equal([words], back.Trainer.StopStrings);
        Assert.Equal(words, back.Trainer.Pieces[0].Path);
    }

    [Theory]
    [InlineData(1e-5)]
    [InlineData(0.1)]
    [InlineData(1.0 / 3)]
    [InlineData(1e300)]
    public void Write_AnyNumber_ReadsBackTheSame(double number)
    {
        var recipe = new SampleRecipe { Trainer = new TrainerSection { Limit = number, Weights = new Dictionary<string, double> { ["a: b"] = -number } } };

        var back = RecipeBinder.Bind<SampleRecipe>(RecipeWriter.Write(recipe), "printed");

        Assert.Equal(number, back.Trainer.Limit);
        Assert.Equal(-number, back.Trainer.Weights["a: b"]);
    }

    [Fact]
    public void Between_ChangedKeys_NamesThemButNotThoseThatMayChange()
    {
        var before = new SampleRecipe { Out = "x", Trainer = new TrainerSection { Betas = [0.9] } };
        var after = new SampleRecipe { Out = "y", Seed = 2, Trainer = new TrainerSection { Betas = [0.9, 0.95], Clip = 0.1 } };

        Assert.Equal(["seed: 1 → 2", "trainer.clip: 0.2 → 0.1", "trainer.betas.1: absent → 0.95"], RecipeDiff.Between(before, after).Select(change => change.ToString()));
    }

    [Fact]
    public void Lines_OfRecord_NameKeyTypeDefaultAndDescription()
    {
        var lines = RecipeHelp.Lines(typeof(SampleRecipe));

        Assert.Contains(new HelpLine("trainer.steps", "a whole number, at least 1", "10", "Passes."), lines);
        Assert.Contains(new HelpLine("trainer.flavour", "one of plain, kl_adaptive, plain++", "kl_adaptive", ""), lines);
        Assert.Contains(new HelpLine("other.learning_rate", "a whole number", "3", ""), lines);
    }

    [Theory]
    [InlineData("KlCoefficient", "kl_coefficient")]
    [InlineData("Beta1", "beta1")]
    [InlineData("TopK", "top_k")]
    [InlineData("BFloat16", "bfloat16")]
    [InlineData("Seed", "seed")]
    public void Snake_PropertyName_IsKey(string name, string key) => Assert.Equal(key, KeyNames.Snake(name));

    [Theory]
    [InlineData("lerning_rate", "learning_rate")]
    [InlineData("cilp", "clip")]
    [InlineData("zzz", null)]
    public void Nearest_Typo_FindsTheKeyMeant(string typed, string? expected) =>
        Assert.Equal(expected, KeyNames.Nearest(typed, ["learning_rate", "clip", "steps"]));
}
