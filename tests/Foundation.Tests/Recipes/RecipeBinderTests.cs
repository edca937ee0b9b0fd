using Rlhf.Foundation.Recipes;

namespace Rlhf.Foundation.Tests.Recipes;

public sealed class RecipeBinderTests
{
    [Fact]
    public void Bind_EmptyText_KeepsDefaults()
    {
        var recipe = Bind("");

        Assert.Equal("sample", recipe.Name);
        Assert.Null(recipe.Out);
        Assert.Null(recipe.Other);
        Assert.Equal(10, recipe.Trainer.Steps);
    }

    [Fact]
    public void Bind_EveryKindOfValue_ReadsIt()
    {
        var recipe = Bind("""
            name: "a # b"
            out: null
            trainer:
              steps: 7
              clip: 1e-5
              dropout: -0.5
              whiten: false
              flavour: plain
              limit: 2.5
              stop_strings: ["\n", '5']
              betas: [0.5, 1]
              pieces:
                - path: x.jsonl
                - {path: y, weight: 3}
              weights: {proxy: 0.5, length: -1}
            other: {}
            """);

        var trainer = recipe.Trainer;
        Assert.Equal("a # b", recipe.Name);
        Assert.Equal((7, 1e-5, -0.5f, false, Flavour.Plain, 2.5), (trainer.Steps, trainer.Clip, trainer.Dropout, trainer.Whiten, trainer.Flavour, trainer.Limit));
        Assert.Equal(["\n", "5"], trainer.StopStrings);
        Assert.Equal([0.5, 1.0], trainer.Betas);
        Assert.Equal([new PieceSection { Path = "x.jsonl" }, new PieceSection { Path = "y", Weight = 3 }], trainer.Pieces);
        Assert.Equal(0.5, trainer.Weights["proxy"]);
        Assert.Equal(3, recipe.Other!.LearningRate);
    }

    [Theory]
    [InlineData("trainer.steps=5", 5)]
    [InlineData("trainer.steps=2147483647", 2147483647)]
    public void Bind_Override_WinsOverText(string text, int expected) =>
        Assert.Equal(expected, Bind("trainer:\n  steps: 3\n", text).Trainer.Steps);

    [Fact]
    public void Bind_PartOfASection_KeepsTheDefaultsItsOwnerGaveIt() =>
        Assert.Equal(new PieceSection { Path = "given", Weight = 7 }, Bind("piece: {weight: 7}").Piece);

    [Fact]
    public void Bind_ChoiceWithASpellingOfItsOwn_ReadsIt() =>
        Assert.Equal(Flavour.PlainPlusPlus, Bind("trainer: {flavour: plain++}").Trainer.Flavour);

    [Fact]
    public void Bind_OverrideOfAbsentSection_MakesIt() => Assert.Equal(4, Bind("", "other.learning_rate=4").Other!.LearningRate);

    [Fact]
    public void Bind_OverrideText_IsTakenAsItStands() => Assert.Equal("[a: 'b'", Bind("", "name=[a: 'b'").Name);

    [Fact]
    public void Bind_OverrideOfList_ReadsFlowStyle() => Assert.Equal(["a", "b=c"], Bind("", "trainer.stop_strings=[a, b=c]").Trainer.StopStrings);

    [Fact]
    public void Bind_OverrideOfListItem_ReplacesIt() => Assert.Equal(["a", "z"], Bind("trainer: {stop_strings: [a, b]}", "trainer.stop_strings.1=z").Trainer.StopStrings);

    [Fact]
    public void Bind_LaterOverride_Wins() => Assert.Equal(9, Bind("", "trainer.steps=5", "trainer.steps=9").Trainer.Steps);

    [Fact]
    public void Bind_EmptyOverride_IsEmptyText() => Assert.Equal("", Bind("", "name=").Name);

    [Fact]
    public void Bind_NullOverride_ClearsNullableKey() => Assert.Null(Bind("out: x", "out=null").Out);

    [Theory]
    [InlineData("trainer:\n  stepz: 3", "r.yaml:2: unknown key 'trainer.stepz'; did you mean 'trainer.steps'?")]
    [InlineData("seed: 1\nsteps: 3", "r.yaml:2: unknown key 'steps'; did you mean 'trainer.steps'?")]
    [InlineData("quux: 3", "r.yaml:1: unknown key 'quux'; known keys here: name, out, seed, trainer, piece, other")]
    [InlineData("trainer:\n  steps: many", "r.yaml:2: trainer.steps: found 'many'; expected a whole number")]
    [InlineData("trainer:\n  steps: 1.5", "r.yaml:2: trainer.steps: found '1.5'; expected a whole number")]
    [InlineData("trainer:\n  steps: 99999999999", "r.yaml:2: trainer.steps: found '99999999999'; expected a whole number")]
    [InlineData("trainer:\n  steps:", "r.yaml:2: trainer.steps: found nothing; expected a whole number")]
    [InlineData("trainer:\n  clip: 1,5", "r.yaml:2: trainer.clip: found '1,5'; expected a number")]
    [InlineData("trainer:\n  clip: .inf", "r.yaml:2: trainer.clip: found '.inf'; expected a number")]
    [InlineData("trainer:\n  whiten: yes", "r.yaml:2: trainer.whiten: found 'yes'; expected true or false")]
    [InlineData("trainer:\n  flavour: adaptive", "r.yaml:2: trainer.flavour: found 'adaptive'; expected one of plain, kl_adaptive, plain++")]
    [InlineData("trainer:\n  betas: 0.9", "r.yaml:2: trainer.betas: found '0.9'; expected a list of numbers")]
    [InlineData("trainer:\n  betas: [0.9, x]", "r.yaml:2: trainer.betas.1: found 'x'; expected a number")]
    [InlineData("trainer: 5", "r.yaml:1: trainer: found '5'; expected a section")]
    [InlineData("name: [a]", "r.yaml:1: name: found a list; expected text")]
    [InlineData("trainer:\n  weights: {a: b}", "r.yaml:2: trainer.weights.a: found 'b'; expected a number")]
    [InlineData("- a", "r.yaml:1: found a list; expected a recipe of 'key: value' lines")]
    public void Bind_WrongRecipe_SaysWhereAndWhatIsExpected(string yaml, string message) =>
        Assert.Equal(message, Assert.Throws<RlhfException>(() => Bind(yaml)).Message);

    [Theory]
    [InlineData("trainer:\n  steps: 0", "r.yaml:2: trainer.steps: found 0; expected at least 1")]
    [InlineData("trainer:\n  clip: 0", "r.yaml:2: trainer.clip: found 0; expected above 0 and at most 1")]
    [InlineData("trainer:\n  clip: 1.5", "r.yaml:2: trainer.clip: found 1.5; expected above 0 and at most 1")]
    [InlineData("trainer:\n  dropout: 1", "r.yaml:2: trainer.dropout: found 1; expected below 1")]
    [InlineData("trainer:\n  limit: -1", "r.yaml:2: trainer.limit: found -1; expected at least 0")]
    [InlineData("trainer:\n  dropout: 0.5", "r.yaml:2: trainer.dropout: found 0.5; expected at most clip")]
    public void Bind_OutOfBounds_NamesTheKey(string yaml, string message) =>
        Assert.Equal(message, Assert.Throws<RlhfException>(() => Bind(yaml)).Message);

    [Theory]
    [InlineData("trainer.stepz=1", "the override trainer.stepz=1: unknown key 'trainer.stepz'; did you mean 'trainer.steps'?")]
    [InlineData("trainer.steps=x", "the override trainer.steps=x: trainer.steps: found 'x'; expected a whole number")]
    [InlineData("trainer.steps", "the override 'trainer.steps': expected key=value, as in ppo.steps=100")]
    [InlineData("=3", "the override '=3': expected key=value, as in ppo.steps=100")]
    [InlineData("trainer..steps=3", "the override trainer..steps=3: the key has an empty part; expected section.key=value")]
    [InlineData("seed.x=3", "the override seed.x=3: 'seed' is a value, not a section")]
    [InlineData("trainer.betas.7=3", "the override trainer.betas.7=3: found '7' for a list of 2; expected a number from 0 to 1")]
    public void Bind_WrongOverride_SaysSo(string text, string message) =>
        Assert.Equal(message, Assert.Throws<RlhfException>(() => Bind("seed: 1\ntrainer: {betas: [1, 2]}", text)).Message);

    [Fact]
    public void Load_MissingFile_SaysSo() =>
        Assert.StartsWith("nowhere.yaml: no such recipe", Assert.Throws<RlhfException>(() => RecipeBinder.Load<SampleRecipe>("nowhere.yaml")).Message, StringComparison.Ordinal);

    private static SampleRecipe Bind(string yaml, params string[] overrides) => RecipeBinder.Bind<SampleRecipe>(yaml, "r.yaml", overrides);
}
