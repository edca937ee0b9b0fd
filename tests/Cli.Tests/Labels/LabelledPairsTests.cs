using Rlhf.Cli.Labels;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Foundation;
using Rlhf.Foundation.Data;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Cli.Tests.Labels;

public sealed class LabelledPairsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CandidatePair[] _pairs = Made.Pairs(5);

    public void Dispose() => _folder.Dispose();

    private LabelEntry[] Labels =>
    [
        Made.Label("ann", _pairs[0], Answer.First) with { Strength = 3 },
        Made.Label("ann", _pairs[1], Answer.Second) with { Note = "slips" },
        Made.Label("ann", _pairs[2], Answer.Tie),
        Made.Label("ann", _pairs[3], Answer.Skip),
    ];

    [Theory]
    [InlineData("pairs.jsonl")]
    [InlineData("pairs.parquet")]
    public void Write_IsReadAsPreferences(string name)
    {
        Assert.Equal(2, LabelledPairs.Write(_folder.At(name), Labels));

        var read = new PreferenceFile(new ColumnNames(), DialogueForm.Plain).Pairs(_folder.At(name), new DefectLog(OnDefect.Error)).ToArray();

        Assert.Equal([(_pairs[0].Prompt, _pairs[0].First, _pairs[0].Second), (_pairs[1].Prompt, _pairs[1].Second, _pairs[1].First)], read.Select(pair => (pair.Prompt, pair.Chosen, pair.Rejected)));
        Assert.Equal([1.0, null], read.Select(pair => pair.Margin));
        Assert.Equal(["ann", "ann"], RowReader.Read(_folder.At(name)).Select(row => row.Text("annotator")));
    }

    [Fact]
    public void Write_NothingButTies_IsRefused() =>
        Assert.Contains("there is no preference yet", Assert.Throws<RlhfException>(() => LabelledPairs.Write(_folder.At("pairs.jsonl"), Labels[2..])).Message, StringComparison.Ordinal);

    [Fact]
    public void DataConvert_LabelFile_WritesPairsWithoutWhatWasTakenBack()
    {
        using (var file = LabelFile.Open(_folder.At("labels.jsonl"), _ => { }))
        {
            foreach (var label in Labels) file.Append(label);
            file.Append(new LabelEntry { Id = "undo", Annotator = "ann", Time = DateTimeOffset.UnixEpoch, Undo = Labels[0].Id });
        }

        var ending = InProcess.Run("data", "convert", _folder.At("labels.jsonl"), _folder.At("pairs.parquet"));

        Assert.True(ending.Code == 0, ending.Error);
        Assert.Equal([_pairs[1].Second], RowReader.Read(_folder.At("pairs.parquet")).Select(row => row.Text("chosen")));
        var seen = InProcess.Run("data", "inspect", _folder.At("labels.jsonl"));
        Assert.Contains("5 rows of answers", seen.Output, StringComparison.Ordinal);
        Assert.Contains("no defective rows", seen.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void PairFile_WrittenAndReadAgain_HasTheSamePairs_AlsoFromPreferences()
    {
        PairFile.Write(_folder.At("pairs.jsonl"), _pairs);
        Assert.Equal(_pairs, PairFile.Read(_folder.At("pairs.jsonl"), _ => { }));

        File.WriteAllText(_folder.At("preferences.jsonl"), "{\"prompt\":\"How?\",\"chosen\":\" Well.\",\"rejected\":\" Badly.\"}\n");
        Assert.Equal([new CandidatePair("How?", " Well.", " Badly.")], PairFile.Read(_folder.At("preferences.jsonl"), _ => { }));
    }
}
