using Rlhf.Cli.Shell;
using Rlhf.Foundation;

namespace Rlhf.Cli.Tests.Shell;

public sealed class ArgumentsTests
{
    [Fact]
    public void Parse_EverythingAtOnce_IsSorted()
    {
        var arguments = Arguments.Parse(["my.yaml", "ppo.clip=0.1", "--json", "--device", "cuda", "--save-every=5", "--dry-run"], []);

        Assert.Equal("my.yaml", arguments.RecipeFile);
        Assert.Equal(["ppo.clip=0.1", "device=cuda", "save_every=5"], arguments.Overrides);
        Assert.Equal((true, true, false, false), (arguments.Json, arguments.DryRun, arguments.PrintRecipe, arguments.Help));
    }

    [Theory]
    [InlineData("prompt=a = b\nc", "prompt=a = b\nc")]
    [InlineData("--prompt=--x", "prompt=--x")]
    [InlineData("empty=", "empty=")]
    public void Parse_Values_AreTakenAsTheyStand(string word, string expected) => Assert.Equal([expected], Arguments.Parse([word], []).Overrides);

    [Fact]
    public void Parse_WordsWithoutKey_FillThePositionalsInOrder() =>
        Assert.Equal(["action=inspect", "file=runs/lr=1/x.jsonl"], Arguments.Parse(["inspect", "runs/lr=1/x.jsonl"], ["action", "file"]).Overrides);

    [Fact]
    public void Parse_WordsForAListOfPositionals_AreOneOverride() =>
        Assert.Equal(["to=x", "runs=['runs/a, b', 'it''s']"], Arguments.Parse(["x", "runs/a, b", "it's"], ["to", "runs..."]).Overrides);

    [Theory]
    [InlineData("--jsn", "unknown option '--jsn'; did you mean '--json'?")]
    [InlineData("--prompt", "option --prompt needs a value: prompt=VALUE")]
    [InlineData("-x", "unknown option '-x'; options are --json, --dry-run, --print-recipe, --help, and keys as key=value")]
    [InlineData("stray", "unexpected argument 'stray'; expected a recipe (.yaml) or key=value")]
    public void Parse_WrongWord_SaysWhatIsExpected(string word, string message) =>
        Assert.Equal(message, Assert.Throws<RlhfException>(() => Arguments.Parse([word], [])).Message);

    [Fact]
    public void Parse_TwoRecipes_IsAnError() => Assert.Throws<RlhfException>(() => Arguments.Parse(["a.yaml", "b.yaml"], []));
}
