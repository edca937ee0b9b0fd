using Rlhf.Cli.Tests.Scripts;

namespace Rlhf.Cli.Tests.Whole;

public sealed class DiskFullTests : IDisposable
{
    private readonly Bash _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Stage_OnAFullDisk_EndsWithOneLineThatSaysSo()
    {
        Assert.SkipUnless(_shell.Run("unshare -rm mount -t tmpfs none /mnt").Code == 0, "no file system can be mounted here");
        var data = Path.Combine(TestData.Repository, "data", "world", "sft.parquet");

        // A disk of 32 KiB: room for the recipe and the logs, none for a tokenizer.
        var ending = _shell.Run($"unshare -rm bash -c \"mkdir small && mount -t tmpfs -o size=32k none small && dotnet '{AppContext.BaseDirectory}/Rlhf.Cli.dll' tokenizer out=small tokenizer.data=[{data}] tokenizer.vocabulary_size=2000\"");

        Assert.Equal(1, ending.Code);
        Assert.Contains("\nrlhf tokenizer: disk full while writing small/tokenizer/final; free space on that disk, then run the same command again to go on\n", "\n" + ending.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rows.jsonl")]
    [InlineData("rows.jsonl.gz")]
    [InlineData("rows.parquet")]
    public void DataConvert_OntoAFullDisk_NamesTheFileAndLeavesNothingThere(string name)
    {
        Assert.SkipUnless(_shell.Run("unshare -rm mount -t tmpfs none /mnt").Code == 0, "no file system can be mounted here");
        var data = Path.Combine(TestData.Repository, "data", "world", "pairs.parquet");

        var ending = _shell.Run($"unshare -rm bash -c \"mkdir small && mount -t tmpfs -o size=32k none small && dotnet '{AppContext.BaseDirectory}/Rlhf.Cli.dll' data convert {data} small/{name}; echo code \\$?; ls small\"");

        Assert.Equal("code 1\n", ending.Output);
        Assert.Contains($"rlhf data: small/{name} cannot be written: No space left on device", ending.Error, StringComparison.Ordinal);
    }
}
