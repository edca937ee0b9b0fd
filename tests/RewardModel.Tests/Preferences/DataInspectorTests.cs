using Rlhf.Rewards.Preferences;
using Rlhf.Rewards.World;

namespace Rlhf.Rewards.Tests.Preferences;

public class DataInspectorTests
{
    private static readonly LengthUnit Words = new("words", text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length);

    [Fact]
    public void Inspect_HumanPreferences_FindsTheirNaturalDefects()
    {
        Assert.SkipUnless(TestData.Available, TestData.Reason);
        var found = new DataInspector(new ColumnNames(), DialogueForm.Plain, [LengthUnit.Characters])
            .Inspect(TestData.At("preferences", "hh-helpful-base.jsonl.gz"), new DefectLog());
        Assert.Equal(("jsonl.gz", "preferences", 2354L), (found.Format, found.Shape, found.Rows));
        Assert.Equal(new Dictionary<string, long> { ["identical_sides"] = 2, ["empty_reply"] = 4, ["prompts_differ"] = 9 }, found.Defects);
        // Line numbers found by reading the file with other means.
        Assert.Equal([722, 2169], Lines(found, DefectKind.IdenticalSides));
        Assert.Equal([121, 741, 1215, 2064], Lines(found, DefectKind.EmptyReply));
        Assert.Equal([169, 355, 568, 744, 961, 1012, 1167, 1308, 1451], Lines(found, DefectKind.PromptsDiffer));
        Assert.Equal(2354 - 15, found.Lengths["chosen"]["characters"].Count);
    }

    [Fact]
    public void Inspect_ShippedPairs_HasNoDefectsAndFiveColumns()
    {
        var found = new DataInspector(new ColumnNames(), DialogueForm.Plain, [LengthUnit.Characters])
            .Inspect(Path.Combine(TestData.Repository, "data", "world", "pairs.parquet"), new DefectLog());
        Assert.Equal(("parquet", "preferences", 5000L, 0), (found.Format, found.Shape, found.Rows, found.Defects.Count));
        Assert.Equal(["prompt", "chosen", "rejected", "gold_chosen", "gold_rejected"], found.Columns.Select(column => column.Name));
        Assert.Equal(5000, found.Columns[3].Holds["number"]);
        Assert.Equal(3, found.Examples.Count);
    }

    [Fact]
    public void Inspect_Lengths_AreExactInEveryUnit()
    {
        var found = Inspect(null, """{"text":"a b c d"}""", """{"text":"a"}""", """{"text":"a b"}""");
        // 7, 1 and 3 characters; 4, 1 and 2 words
        Assert.Equal(new LengthSummary(3, 1, 11.0 / 3, 3, 7, 7), found.Lengths["text"]["characters"]);
        Assert.Equal(new LengthSummary(3, 1, 7.0 / 3, 2, 4, 4), found.Lengths["text"]["words"]);
    }

    [Fact]
    public void Inspect_RowLongerThanTheLimit_IsADefectAndNotMeasured()
    {
        var found = Inspect(3, """{"text":"a b c d"}""", """{"text":"a"}""", """{"text":"a b c"}""");
        Assert.Equal(new Defect(found.File, 1, DefectKind.TooLong, "4 words, more than 3"), Assert.Single(found.DefectiveRows));
        Assert.Equal(2, found.Lengths["text"]["words"].Count);
    }

    [Theory]
    [InlineData("sft", """{"prompt":"p","completion":"c"}""")]
    [InlineData("labels", """{"text":"t","label":1}""")]
    [InlineData("text", """{"text":"t"}""")]
    [InlineData("dialogues", """{"messages":[{"role":"user","content":"u"}]}""")]
    [InlineData("prompts", """{"prompt":"p"}""")]
    [InlineData("unknown", """{"x":1}""")]
    public void Inspect_FirstRow_DecidesTheShape(string expected, string line) => Assert.Equal(expected, Inspect(null, line).Shape);

    private static Inspection Inspect(int? longest, params string[] lines)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(path, lines);
            return new DataInspector(new ColumnNames(), DialogueForm.Plain, [LengthUnit.Characters, Words]) { LongestRow = longest }.Inspect(path, new DefectLog());
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static IEnumerable<long> Lines(Inspection found, DefectKind kind) => found.DefectiveRows.Where(defect => defect.Kind == kind).Select(defect => defect.Line);
}
