using Rlhf.Cli.Labels;
using Rlhf.Foundation;

namespace Rlhf.Cli.Tests.Labels;

public sealed class LabelFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_Again_HasWhatWasAppended()
    {
        var labels = Made.Pairs(3).Select(pair => Made.Label("ann", pair, Answer.Tie, seconds: 1.5) with { Note = "line\nbreak \"quoted\" é 👍" }).ToArray();
        using (var file = LabelFile.Open(Path(), _warnings.Add))
            foreach (var label in labels) file.Append(label);

        using var again = LabelFile.Open(Path(), _warnings.Add);

        Assert.Equal(labels, again.Entries);
        Assert.Equal(labels, LabelFile.Read(Path()));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Open_LastLineCutShortAtAnyByte_DropsItAndGoesOn()
    {
        var labels = Made.Pairs(3).Select(pair => Made.Label("ann", pair, Answer.First)).ToArray();
        using (var file = LabelFile.Open(Path(), _warnings.Add))
            foreach (var label in labels) file.Append(label);
        var whole = File.ReadAllBytes(Path());
        var second = Array.LastIndexOf(whole, (byte)'\n', whole.Length - 2) + 1;

        for (var cut = second + 1; cut < whole.Length; cut += 7)
        {
            File.WriteAllBytes(Path(), whole[..cut]);
            using (var torn = LabelFile.Open(Path(), _warnings.Add))
            {
                Assert.Equal(labels[..2], torn.Entries);
                torn.Append(labels[2]);
            }

            Assert.Equal(whole, File.ReadAllBytes(Path()));
        }

        Assert.All(_warnings, warning => Assert.Contains("its last line was cut short", warning, StringComparison.Ordinal));
    }

    [Fact]
    public void Open_WhileAnotherHasIt_IsRefused()
    {
        using var first = LabelFile.Open(Path(), _warnings.Add);

        var refused = Assert.Throws<RlhfException>(() => LabelFile.Open(Path(), _warnings.Add));

        Assert.Contains("is being written by another server", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_LineThatIsNoLabel_IsNamed()
    {
        File.WriteAllText(Path(), "{\"id\":\"a\"}\n");
        Assert.Contains("line 1 is no label", Assert.Throws<RlhfException>(() => LabelFile.Open(Path(), _warnings.Add)).Message, StringComparison.Ordinal);
        // The lock is not kept by an opening that failed.
        File.Delete(Path());
        LabelFile.Open(Path(), _warnings.Add).Dispose();
    }

    private string Path() => _folder.At("labels.jsonl");
}
