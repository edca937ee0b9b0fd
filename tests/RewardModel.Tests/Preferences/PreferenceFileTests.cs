using Rlhf.Foundation;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Rewards.Tests.Preferences;

public sealed class PreferenceFileTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();
    private readonly PreferenceFile file = new(new ColumnNames(), DialogueForm.Plain);

    public void Dispose() => File.Delete(path);

    [Fact]
    public void Pairs_RowsBetweenDefects_AreAllReadAndEveryDefectIsLogged()
    {
        Write("""{"prompt":"p","chosen":"a","rejected":"b"}""", "{broken", """{"prompt":"p","chosen":"a","rejected":"a"}""", """{"prompt":"q","chosen":"c"}""", """{"prompt":"r","chosen":"d","rejected":"e"}""");
        var log = new DefectLog();
        Assert.Equal([("p", 1L), ("r", 5L)], file.Pairs(path, log).Select(pair => (pair.Prompt, pair.Line)));
        Assert.Equal([(DefectKind.Unreadable, 2L), (DefectKind.IdenticalSides, 3L), (DefectKind.MissingColumn, 4L)], log.Kept.Select(defect => (defect.Kind, defect.Line)));
        Assert.Equal("3 rows left out (unreadable 1, missing_column 1, identical_sides 1)", log.ToString());
    }

    [Fact]
    public void Pairs_OnDefectError_ThrowsAtTheFirstWithItsLine()
    {
        Write("""{"prompt":"p","chosen":"a","rejected":"b"}""", """{"prompt":"p","chosen":"","rejected":"b"}""");
        var error = Assert.Throws<RlhfException>(() => file.Pairs(path, new DefectLog(OnDefect.Error)).ToList());
        Assert.Contains("line 2: empty_reply: the chosen reply is empty", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pairs_FileWithoutTheColumn_NamesColumnAndWhatThereIs()
    {
        Write("""{"question":"p","better":"a","rejected":"b"}""");
        var error = Assert.Throws<RlhfException>(() => file.Pairs(path, new DefectLog()).ToList());
        Assert.Contains("no column 'chosen'", error.Message, StringComparison.Ordinal);
        Assert.Contains("question, better, rejected", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pairs_NothingUsable_IsAnErrorWithTheCounts()
    {
        Write("""{"prompt":"p","chosen":"a","rejected":"a"}""");
        var error = Assert.Throws<RlhfException>(() => file.Pairs(path, new DefectLog()).ToList());
        Assert.Contains("identical_sides 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ratings_TextsAndDialogues_GivePromptReplyAndLabel()
    {
        Write(
            """{"prompt":"p","completion":" a","label":true}""",
            """{"prompt":[{"role":"user","content":"Hi"}],"completion":[{"role":"assistant","content":"Ho"}],"label":0}""",
            """{"prompt":"p","completion":[{"role":"user","content":"Ho"}],"label":1}""",
            """{"prompt":"p","completion":" a","label":"yes"}""");
        var log = new DefectLog();
        Assert.Equal([("p", " a", true), ("\n\nHuman: Hi\n\nAssistant:", " Ho", false)], file.Ratings(path, log).Select(row => (row.Prompt, row.Reply, row.IsDesirable)));
        Assert.Equal([DefectKind.NoReply, DefectKind.WrongType], log.Kept.Select(defect => defect.Kind));
    }

    [Fact]
    public void Ratings_FileOfPairs_TakesBothSidesOfEach()
    {
        Write("""{"prompt":"p","chosen":"a","rejected":"b"}""");
        Assert.Equal([("a", true), ("b", false)], file.Ratings(path, new DefectLog()).Select(row => (row.Reply, row.IsDesirable)));
    }

    [Fact]
    public void Prompts_EveryShape_GivesThePrompt()
    {
        Write(
            """{"prompt":"text"}""",
            """{"prompt":[{"role":"user","content":"Hi"}]}""",
            """{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Ho"}]}""",
            """{"chosen":"Say: yes","rejected":"Say: no"}""",
            """{"prompt":"  "}""");
        var log = new DefectLog();
        Assert.Equal(["text", "\n\nHuman: Hi\n\nAssistant:", "\n\nHuman: Hi\n\nAssistant:", "Say:"], file.Prompts(path, log).Select(row => row.Prompt));
        Assert.Equal(DefectKind.EmptyPrompt, Assert.Single(log.Kept).Kind);
    }

    [Fact]
    public void Labels_NumbersAndBooleans_AreLabels_OthersAreDefects()
    {
        Write("""{"text":"a","label":1}""", """{"text":"b","label":false}""", """{"text":"c","label":2}""", """{"text":" ","label":0}""");
        var log = new DefectLog();
        Assert.Equal([("a", 1.0), ("b", 0.0)], file.Labels(path, log).Select(row => (row.Text, row.Label)));
        Assert.Equal([DefectKind.WrongType, DefectKind.EmptyReply], log.Kept.Select(defect => defect.Kind));
    }

    private void Write(params string[] lines) => File.WriteAllLines(path, lines);
}
