using Rlhf.Foundation.Runs;

namespace Rlhf.Foundation.Tests.Runs;

public sealed class CheckpointStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Save_ThenLatest_FindsTheFilesAsWritten()
    {
        Store().Save(120, folder =>
        {
            Directory.CreateDirectory(Path.Combine(folder, "inner"));
            File.WriteAllText(Path.Combine(folder, "inner", "state"), "abc");
        });

        var latest = Store().Latest()!;

        Assert.Equal(_folder.At("step-000120"), latest.Folder);
        Assert.Equal(120, latest.Step);
        var file = Assert.Single(latest.Manifest.Files);
        // The SHA-256 of "abc", FIPS 180-2 appendix B.1.
        Assert.Equal(new ManifestFile("inner/state", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), file);
    }

    [Fact]
    public void Latest_EmptyStore_IsNull() => Assert.Null(Store().Latest());

    [Theory]
    [InlineData("state", "abd", "differs from its checksum")]
    [InlineData("state", "abcd", "has 4 bytes; its manifest says 3")]
    [InlineData("state", null, "is missing")]
    [InlineData("manifest.json", null, "is missing")]
    [InlineData("manifest.json", "", "is damaged")]
    [InlineData("manifest.json", "{\"step\": 2, \"files\": [], \"logs\"", "is damaged")]
    [InlineData("manifest.json", "{\"step\": 2, \"logs\": {}, \"files\": [{\"path\": \"../../x\", \"size\": 1, \"sha256\": \"\"}]}", "names a file outside it")]
    [InlineData("manifest.json", "{\"step\": 2, \"logs\": {}, \"files\": null}", "is damaged")]
    [InlineData("manifest.json", "{\"step\": 2, \"logs\": {}, \"files\": [null]}", "is damaged")]
    [InlineData("manifest.json", "{\"step\": 2, \"logs\": {}, \"files\": [{\"size\": 1, \"sha256\": \"\"}]}", "is damaged")]
    public void Latest_NewestDamaged_ReportsItAndUsesTheOneBefore(string file, string? content, string reason)
    {
        Save(1);
        Save(2);
        var path = _folder.At("step-000002", file);
        if (content is null) File.Delete(path);
        else File.WriteAllText(path, content);

        Assert.Equal(1, Store().Latest()!.Step);
        Assert.Contains(reason, Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Latest_AllDamaged_IsAnErrorNotAFreshStart()
    {
        Save(1);
        File.Delete(_folder.At("step-000001", "state"));

        Assert.Contains("all 1 checkpoints", Assert.Throws<RlhfException>(() => Store().Latest()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Save_WriterFails_LeavesTheOldOnesOnly()
    {
        Save(1);

        Assert.Throws<InvalidOperationException>(() => Store().Save(2, folder =>
        {
            File.WriteAllText(Path.Combine(folder, "state"), "half");
            throw new InvalidOperationException();
        }));

        Assert.Equal(["step-000001"], Names());
    }

    [Fact]
    public void Save_DiskFull_SaysWhatIsLeftAndWhatToDo()
    {
        Save(1);

        var error = Assert.Throws<RlhfException>(() => Store().Save(2, _ => throw new IOException("No space left on device", 28)));

        Assert.StartsWith($"disk full while writing checkpoint {_folder.At("step-000002")}; the last complete one is {_folder.At("step-000001")}", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, Store().Latest()!.Step);
    }

    [Fact]
    public void Open_LeftoversOfAKilledWriter_AreRemovedAndNeverTakenForCheckpoints()
    {
        Save(1);
        Directory.CreateDirectory(_folder.At(".unfinished-step-000002"));
        File.WriteAllText(_folder.At(".unfinished-step-000002", "state"), "half");

        Assert.Equal(1, Store().Latest()!.Step);
        Assert.Equal(["step-000001"], Names());
    }

    [Fact]
    public void Save_SameStepAgain_ReplacesIt()
    {
        Save(1);
        Store().Save(1, folder => File.WriteAllText(Path.Combine(folder, "state"), "new"));

        Assert.Equal("new", File.ReadAllText(Store().Latest()!.File("state")));
        Assert.Equal(["step-000001"], Names());
    }

    [Theory]
    [InlineData(2, 0, new long[] { 5, 6 })]
    [InlineData(1, 0, new long[] { 6 })]
    [InlineData(0, 0, new long[] { 6 })]
    [InlineData(1, 2, new long[] { 2, 4, 6 })]
    [InlineData(3, 3, new long[] { 3, 4, 5, 6 })]
    public void Save_ManyTimes_KeepsTheLastAndEveryNth(int keepLast, long keepEvery, long[] expected)
    {
        for (var step = 1; step <= 6; step++) Save(step, new Retention(keepLast, keepEvery));

        Assert.Equal(expected, Store().Steps);
    }

    [Fact]
    public void Save_BeforeADamagedOne_StaysAndTheDamagedOneIsLeftForLater()
    {
        var retention = new Retention(1, 100);
        Save(100, retention);
        Save(150, retention);
        File.Delete(_folder.At("step-000150", "state"));

        Save(120, retention);

        Assert.Equal([100, 120, 150], Store().Steps);
        Assert.Equal(120, Store().Latest()!.Step);
        Save(160, retention);
        Assert.Equal([100, 160], Store().Steps);
    }

    private CheckpointStore Store(Retention? retention = null) => new(_folder.Path, retention ?? new Retention(), _warnings.Add);

    private void Save(long step, Retention? retention = null) => Store(retention).Save(step, folder => File.WriteAllText(Path.Combine(folder, "state"), "abc"));

    private IEnumerable<string> Names() => Directory.EnumerateFileSystemEntries(_folder.Path).Select(path => Path.GetFileName(path)!);
}
