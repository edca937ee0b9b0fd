using Rlhf.Foundation.Data;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Rewards.Tests.Preferences;

public class PairParserTests
{
    private static readonly ChatMessage Question = new("user", "How are you?");

    [Fact]
    public void Parse_ExplicitPrompt_KeepsTheThreeTextsAndTheNumbers()
    {
        var pair = Parse(("prompt", "Hi."), ("chosen", " Good."), ("rejected", " Bad."), ("margin", 0.5), ("gold_chosen", 3), ("gold_rejected", 1.25));
        Assert.Equal(new PreferencePair("Hi.", " Good.", " Bad.") { Margin = 0.5, ChosenScore = 3, RejectedScore = 1.25, Line = 7 }, pair);
    }

    [Fact]
    public void Parse_WholeDialogueTexts_SplitsAfterTheLastAssistantMark()
    {
        var pair = Parse(("chosen", "\n\nHuman: Hi\n\nAssistant: Hello"), ("rejected", "\n\nHuman: Hi\n\nAssistant: Go away"));
        Assert.Equal(("\n\nHuman: Hi\n\nAssistant:", " Hello", " Go away"), (pair.Prompt, pair.Chosen, pair.Rejected));
    }

    [Fact]
    public void Parse_WholePlainTexts_SplitsAtTheLastSharedWordBoundary()
    {
        // Both begin with "Tell me: th"; the reply starts at the white space before the word the two differ in.
        var pair = Parse(("chosen", "Tell me: this one"), ("rejected", "Tell me: that one"));
        Assert.Equal(("Tell me:", " this one", " that one"), (pair.Prompt, pair.Chosen, pair.Rejected));
    }

    [Fact]
    public void Parse_MessagesThatShareTheirBeginning_AreTurnedIntoTextByTheForm()
    {
        var pair = Parse(("chosen", Turns(Question, Says("Well."))), ("rejected", Turns(Question, Says("No."))));
        Assert.Equal(("\n\nHuman: How are you?\n\nAssistant:", " Well.", " No."), (pair.Prompt, pair.Chosen, pair.Rejected));
    }

    [Fact]
    public void Parse_PromptTextBesideWholeDialogues_TakesTheDialogues()
    {
        var pair = Parse(("prompt", "How are you?"), ("chosen", Turns(Question, Says("Well."))), ("rejected", Turns(Question, Says("No."))));
        Assert.Equal(("\n\nHuman: How are you?\n\nAssistant:", " Well.", " No."), (pair.Prompt, pair.Chosen, pair.Rejected));
    }

    [Fact]
    public void Parse_PromptMessagesAndReplyMessages_AreJoined()
    {
        var pair = Parse(("prompt", Turns(new ChatMessage("system", "Be kind."), Question)), ("chosen", Turns(Says("Well."))), ("rejected", Turns(Says("No."))));
        Assert.Equal(("Be kind.\n\nHuman: How are you?\n\nAssistant:", " Well.", " No."), (pair.Prompt, pair.Chosen, pair.Rejected));
    }

    [Fact]
    public void Parse_RenamedColumns_AreFound()
    {
        var parser = new PairParser(new ColumnNames { Prompt = "q", Chosen = "win", Rejected = "lose" }, DialogueForm.Plain);
        var pair = parser.Parse(Row.Of("f", 1, ("q", "Hi."), ("win", "a"), ("lose", "b")), out _);
        Assert.Equal(("Hi.", "a", "b"), (pair!.Prompt, pair.Chosen, pair.Rejected));
    }

    [Theory]
    [InlineData(DefectKind.IdenticalSides, "Hi.", " Good. ", " Good.")]
    [InlineData(DefectKind.IdenticalSides, null, "one two", "one two")]
    [InlineData(DefectKind.IdenticalSides, null, "\n\nHuman: Hi\n\nAssistant: Yes", "\n\nHuman: Hi\n\nAssistant: Yes")]
    [InlineData(DefectKind.EmptyReply, "Hi.", "", " Good.")]
    [InlineData(DefectKind.EmptyReply, "Hi.", " Good.", " \n")]
    [InlineData(DefectKind.EmptyReply, null, "\n\nHuman: Hi\n\nAssistant: Yes", "\n\nHuman: Hi\n\nAssistant:")]
    [InlineData(DefectKind.EmptyPrompt, " ", " Good.", " Bad.")]
    [InlineData(DefectKind.NoSharedPrefix, null, "one two", "three")]
    [InlineData(DefectKind.NoSharedPrefix, null, "\n\nAssistant: a", "Yes.\n\nAssistant: b")]
    [InlineData(DefectKind.PromptsDiffer, null, "\n\nHuman: Hi\n\nAssistant: a", "\n\nHuman: Ho\n\nAssistant: b")]
    public void Parse_DefectiveTexts_NamesTheDefect(object expected, string? prompt, string chosen, string rejected) =>
        Assert.Equal(expected, Fault(("prompt", prompt), ("chosen", chosen), ("rejected", rejected)).Kind);

    [Fact]
    public void Parse_DefectiveMessages_NamesTheDefect()
    {
        var other = new ChatMessage("user", "Who are you?");
        Assert.Equal(DefectKind.NoSharedPrefix, Fault(("chosen", Turns(Question, Says("a"))), ("rejected", Turns(other, Says("b")))).Kind);
        Assert.Equal(DefectKind.PromptsDiffer, Fault(("chosen", Turns(Question, Says("a"), other, Says("c"))), ("rejected", Turns(Question, Says("b")))).Kind);
        Assert.Equal(DefectKind.NoReply, Fault(("chosen", Turns(Question)), ("rejected", Turns(Question, Says("b")))).Kind);
        Assert.Equal(DefectKind.NoReply, Fault(("chosen", Turns()), ("rejected", Turns(Question, Says("b")))).Kind);
        Assert.Equal(DefectKind.EmptyReply, Fault(("chosen", Turns(Question, Says(""))), ("rejected", Turns(Question, Says("b")))).Kind);
    }

    [Fact]
    public void Parse_WrongColumns_SaysWhichAndWhatTheyHold()
    {
        Assert.Equal(new Fault(DefectKind.MissingColumn, "there is no column 'rejected'"), Fault(("prompt", "p"), ("chosen", "a")));
        Assert.Equal(new Fault(DefectKind.MissingColumn, "column 'chosen' is null"), Fault(("prompt", "p"), ("chosen", null), ("rejected", "a")));
        Assert.Equal(new Fault(DefectKind.WrongType, "column 'rejected' holds a number, expected text"), Fault(("prompt", "p"), ("chosen", "a"), ("rejected", 3)));
        Assert.Equal(new Fault(DefectKind.WrongType, "column 'margin' holds text, expected a number"), Fault(("prompt", "p"), ("chosen", "a"), ("rejected", "b"), ("margin", "big")));
    }

    private static ChatMessage Says(string content) => new("assistant", content);

    private static ChatMessage[] Turns(params ChatMessage[] turns) => turns;

    private static PreferencePair Parse(params (string, object?)[] columns)
    {
        var pair = new PairParser(new ColumnNames(), DialogueForm.Plain).Parse(Row.Of("file.jsonl", 7, columns), out var fault);
        Assert.Null(fault);
        return pair!;
    }

    private static Fault Fault(params (string, object?)[] columns)
    {
        Assert.Null(new PairParser(new ColumnNames(), DialogueForm.Plain).Parse(Row.Of("file.jsonl", 7, columns), out var fault));
        return fault!;
    }
}
