namespace Rlhf.Cli.Tests.House;

/// <summary>The rules find what is planted, and nothing else.</summary>
public sealed class HouseRulesTests
{
    private const string Sound = "namespace Rlhf.Foundation.Data;\npublic sealed record Row;\n";

    [Fact]
    public void WrongNamespaces_FileOfAnotherFolder_IsNamedWithWhatItShouldSay()
    {
        var house = new HouseRules([new("src/Policy/Models/Block.cs", "namespace Rlhf.Policies.Families;\nclass Block;\n"), new("src/Foundation/Data/Row.cs", Sound), new("src/Cli/Program.cs", "return 0;\n")]);

        Assert.Equal(["src/Policy/Models/Block.cs: namespace Rlhf.Policies.Families, expected Rlhf.Policies.Models"], house.WrongNamespaces);
    }

    [Fact]
    public void UpwardReferences_LowRoomThatUsesAHighOne_IsNamed()
    {
        var house = new HouseRules(
        [
            new("src/Foundation/Runs/Run.cs", "using Rlhf.Policies.Models;\nnamespace Rlhf.Foundation.Runs;\nclass Run { Block? _block; }\n"),
            new("src/Policy/Models/Block.cs", "namespace Rlhf.Policies.Models;\nclass Block;\n"),
        ]);

        Assert.Equal(["Rlhf.Foundation.Runs → Rlhf.Policies.Models (src/Foundation/Runs/Run.cs uses Block)"], house.UpwardReferences);
        Assert.Empty(house.Circles);
    }

    [Fact]
    public void UpwardReferences_RoomOfTheLibrary_IsBelowReportsAndAbovePolicies()
    {
        var house = new HouseRules(
        [
            new("src/Rlhf/Ppo/Trainer.cs", "using Rlhf.Policies.Models;\nusing Rlhf.Reports;\nnamespace Rlhf.Ppo;\nclass Trainer { Block? _block; Page? _page; }\n"),
            new("src/Policy/Models/Block.cs", "namespace Rlhf.Policies.Models;\nclass Block;\n"),
            new("src/Reports/Page.cs", "namespace Rlhf.Reports;\nclass Page;\n"),
        ]);

        Assert.Equal(["Rlhf.Ppo → Rlhf.Reports (src/Rlhf/Ppo/Trainer.cs uses Page)"], house.UpwardReferences);
    }

    [Theory]
    [InlineData("using Rlhf.Policies.Training;\nnamespace Rlhf.Policies.Models;\nclass Block { void Learn(Optimizer by) { } }\n")]
    [InlineData("using static Rlhf.Policies.Training.Optimizer;\nnamespace Rlhf.Policies.Models;\nclass Block { int _step = Optimizer.First; }\n")]
    [InlineData("namespace Rlhf.Policies.Models;\nclass Block { Training.Optimizer? _by; }\n")]
    [InlineData("namespace Rlhf.Policies.Models;\nclass Block { Rlhf.Policies.Training.Optimizer? _by; }\n")]
    [InlineData("using Rlhf.Policies.Training;\nnamespace Rlhf.Policies.Models;\nclass Block { string Name() => $\"{Optimizer.First:0} steps\"; }\n")]
    [InlineData("using Rlhf.Policies.Training;\nnamespace Rlhf.Policies.Models;\nclass Block { void Learn(int by) => by.Scheduled(); }\n")]
    public void Circles_TwoFoldersThatUseEachOther_AreNamedWithTheirFiles(string block)
    {
        var house = new HouseRules(
        [
            new("src/Policy/Models/Block.cs", block),
            new("src/Policy/Training/Optimizer.cs", "using Rlhf.Policies.Models;\nnamespace Rlhf.Policies.Training;\nstatic class Optimizer { static int Scheduled(this int step) => step; Block? _of; }\n"),
        ]);

        var circle = Assert.Single(house.Circles);
        Assert.Equal(["Rlhf.Policies.Models", "Rlhf.Policies.Training"], circle.Namespaces.Order());
        Assert.Contains("src/Policy/Models/Block.cs uses ", circle.ToString(), StringComparison.Ordinal);
        Assert.Contains("src/Policy/Training/Optimizer.cs uses Block", circle.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Circles_FolderThatUsesTheOneAroundIt_NeedsNoUsingToBeFound()
    {
        var house = new HouseRules(
        [
            new("src/Policy/Tokenization/Tokenizer.cs", "using Rlhf.Policies.Tokenization.Files;\nnamespace Rlhf.Policies.Tokenization;\nclass Tokenizer { static Tokenizer Load() => Reader.Read(); }\n"),
            new("src/Policy/Tokenization/Files/Reader.cs", "namespace Rlhf.Policies.Tokenization.Files;\nclass Reader { public static Tokenizer Read() => new(); }\n"),
        ]);

        Assert.Equal(["Rlhf.Policies.Tokenization", "Rlhf.Policies.Tokenization.Files"], Assert.Single(house.Circles).Namespaces.Order());
    }

    [Fact]
    public void Circles_OfThree_AreFoundOnce()
    {
        var house = new HouseRules(
        [
            new("src/Cli/A/One.cs", "using Rlhf.Cli.B;\nnamespace Rlhf.Cli.A;\nclass One { Two? _next; }\n"),
            new("src/Cli/B/Two.cs", "using Rlhf.Cli.C;\nnamespace Rlhf.Cli.B;\nclass Two { Three? _next; }\n"),
            new("src/Cli/C/Three.cs", "using Rlhf.Cli.A;\nnamespace Rlhf.Cli.C;\nclass Three { One? _next; }\n"),
        ]);

        Assert.Equal(["Rlhf.Cli.A", "Rlhf.Cli.B", "Rlhf.Cli.C"], Assert.Single(house.Circles).Namespaces.Order());
    }

    [Theory]
    [InlineData("// See Optimizer.\nnamespace Rlhf.Policies.Models;\nclass Block;\n")]
    [InlineData("namespace Rlhf.Policies.Models;\n/* new Training.Optimizer() */\nclass Block { string _name = \"Training.Optimizer\"; }\n")]
    [InlineData("using Rlhf.Policies.Training;\nnamespace Rlhf.Policies.Models;\nclass Block { string _name = $\"{{Optimizer}}\", _raw = \"\"\"\n Optimizer // \"\n \"\"\", _verbatim = @\"\"\"Optimizer\"\"\"; }\n")]
    [InlineData("namespace Rlhf.Policies.Models;\nclass Block { Optimizer? _one; class Optimizer; }\n")]
    public void Circles_WordsThatAreNoReference_AreNone(string block)
    {
        var house = new HouseRules(
        [
            new("src/Policy/Models/Block.cs", block),
            new("src/Policy/Training/Optimizer.cs", "using Rlhf.Policies.Models;\nnamespace Rlhf.Policies.Training;\nclass Optimizer { Block? _of; }\n"),
        ]);

        Assert.Empty(house.Circles);
    }

    [Fact]
    public void Circles_MemberCalledLikeATypeAround_IsNone()
    {
        var house = new HouseRules(
        [
            new("src/Policy/Tokenization/Chat.cs", "using Rlhf.Policies.Tokenization.Bpe;\nnamespace Rlhf.Policies.Tokenization;\nclass Chat { Definition? _of; }\n"),
            new("src/Policy/Tokenization/Bpe/Definition.cs", "namespace Rlhf.Policies.Tokenization.Bpe;\nrecord Definition { public string? Chat { get; init; } bool Has => Chat is not null && Chat.Length > 0; Definition With(string text) => this with { Chat = text }; }\n"),
        ]);

        Assert.Empty(house.Circles);
    }
}
