using Rlhf.Cli.Cards;
using Rlhf.Foundation;

namespace Rlhf.Cli.Tests.Cards;

public sealed class CardFileTests
{
    private static readonly FrontKey[] s_keys =
    [
        new("library_name", ["transformers"]), new("base_model", ["openai-community/gpt2"]), new("tags", ["rlhf", "ppo"], IsList: true), new("license", [], Hint: "mit, apache-2.0 …"),
    ];

    [Fact]
    public void Merge_NothingThere_HasFrontMatterTitlePartAndRoomForTheUser()
    {
        var card = Card(null, "first");

        Assert.StartsWith("""
            ---
            library_name: transformers
            base_model: openai-community/gpt2
            tags:
            - rlhf
            - ppo
            # to fill in: license: mit, apache-2.0 …
            ---

            # demo

            <!-- rlhf: written by the program, 
            """, card, StringComparison.Ordinal);
        Assert.Contains("\nfirst\n", card, StringComparison.Ordinal);
        Assert.Contains("## Intended use and limits", card, StringComparison.Ordinal);
    }

    [Fact]
    public void Merge_UsersLines_StayAndTheProgramsPartIsNew()
    {
        var before = Card(null, "first")
            .Replace("# to fill in: license: mit, apache-2.0 …\n", "# as the base model's\nlicense: gpl-3.0   # kept\nco2_eq_emissions:\n  emissions: 3\n", StringComparison.Ordinal)
            .Replace("base_model: openai-community/gpt2", "base_model: 'me/mine'", StringComparison.Ordinal)
            .Replace("# demo", "# My model\n\nWords above.", StringComparison.Ordinal)
            .Replace("*To fill in: what", "It writes stories. What", StringComparison.Ordinal);

        var after = Card(before, "second");

        foreach (var line in new[] { "# as the base model's\nlicense: gpl-3.0   # kept\n", "co2_eq_emissions:\n  emissions: 3\n", "base_model: 'me/mine'\n", "# My model\n\nWords above.\n", "It writes stories. What", "\nsecond\n" })
            Assert.Contains(line, after, StringComparison.Ordinal);
        Assert.DoesNotContain("first", after, StringComparison.Ordinal);
        Assert.DoesNotContain("to fill in: license", after, StringComparison.Ordinal);
        Assert.Equal(after, Card(after, "second"));
    }

    [Fact]
    public void Merge_GivenKey_GoesBeforeWhatTheFileSays()
    {
        var before = Card(null, "body").Replace("# to fill in: license: mit, apache-2.0 …", "license: gpl-3.0", StringComparison.Ordinal);

        var after = CardFile.Merge(before, [.. s_keys[..3], new FrontKey("license", ["mit"]) { IsGiven = true }], "demo", "body", "README.md", replace: false);

        Assert.Equal("mit", Yaml.OfCard(after)["license"]);
    }

    [Fact]
    public void Merge_EditedPart_IsRefusedAndReplacedWhenAskedTo()
    {
        var before = Card(null, "first").Replace("\nfirst\n", "\nfirst, and what I know of it\n", StringComparison.Ordinal);

        var error = Assert.Throws<RlhfException>(() => Card(before, "second"));

        Assert.StartsWith("README.md: the text between the two marks of the program was changed", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("what I know", CardFile.Merge(before, s_keys, "demo", "second", "README.md", replace: true), StringComparison.Ordinal);
    }

    [Fact]
    public void Merge_CardOfOtherSoftware_StaysWholeAboveThePart()
    {
        var after = Card("---\nlicense: mit\n---\n# Theirs\n\nText.\n", "ours");

        Assert.Contains("license: mit\n", after, StringComparison.Ordinal);
        Assert.True(after.IndexOf("# Theirs\n\nText.\n", StringComparison.Ordinal) < after.IndexOf("ours", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("---\na: [1\n---\n")]
    [InlineData("---\n{a: b}\n---\n")]
    [InlineData("---\na: 1\na: 2\n---\n")]
    [InlineData("---\n- a\n---\n")]
    public void Merge_FrontMatterThatCannotBeKept_IsOneLine(string before)
    {
        var error = Assert.Throws<RlhfException>(() => Card(before, "body"));

        Assert.StartsWith("README.md: its front matter cannot be read (", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("no")]
    [InlineData("1e5")]
    [InlineData("2024-01-01")]
    [InlineData("null")]
    [InlineData("a: b # c")]
    [InlineData("\"quoted\" \\ and\nlines\t\u0085\u2028\u0007")]
    [InlineData("- x")]
    [InlineData("---")]
    [InlineData("")]
    [InlineData("größer 🐦")]
    public void YamlText_Hostile_IsReadBack(string words)
    {
        var card = CardFile.Merge(null, [new FrontKey("base_model", [words]), new FrontKey("tags", [words, "b"], IsList: true)], "x", "body", "README.md", replace: false);

        Assert.Equal(words, Yaml.OfCard(card)["base_model"]);
        Assert.Equal(words + "|b", Yaml.OfCard(card)["tags"]);
        Assert.Contains(words is "größer 🐦" or "" or "1e5" or "2024-01-01" or "no" or "null" ? $"base_model: \"{words}\"\n" : "base_model: \"", card, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<script>alert(1)</script>", "&lt;script\\>alert(1)&lt;/script\\>", "`<script>alert(1)</script>`")]
    [InlineData("a|b", "a\\|b", "`a\\|b`")]
    [InlineData("one\ntwo", "one two", "`one two`")]
    [InlineData("`` ` ``", "\\`\\` \\` \\`\\`", "``` `` ` `` ```")]
    [InlineData("![x](http://y)", "\\!\\[x\\](http://y)", "`![x](http://y)`")]
    public void Markdown_Hostile_DoesNothing(string words, string text, string code)
    {
        Assert.Equal(text, Markdown.Text(words));
        Assert.Equal(code, Markdown.Code(words));
    }

    [Fact]
    public void Markdown_BlockThatHoldsFences_IsOneBlock() => Assert.Equal("````yaml\na: ```\n````", Markdown.Block("a: ```\n", "yaml"));

    private static string Card(string? before, string body) => CardFile.Merge(before, s_keys, "demo", body, "README.md", replace: false);
}
