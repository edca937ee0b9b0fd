using Rlhf.Foundation.Files;

namespace Rlhf.Foundation.Tests.Files;

public sealed class SmallFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadText_WithAndWithoutMark_IsTheSame()
    {
        File.WriteAllBytes(_folder.At("plain"), [.. "né"u8]);
        File.WriteAllBytes(_folder.At("marked"), [0xef, 0xbb, 0xbf, .. "né"u8]);

        Assert.Equal("né", SmallFile.ReadText(_folder.At("plain")));
        Assert.Equal("né", SmallFile.ReadText(_folder.At("marked")));
    }

    [Fact]
    public void ReadBytes_OneMoreThanAllowed_IsRefusedByName()
    {
        File.WriteAllBytes(_folder.At("file"), new byte[(1 << 20) + 1]);

        Assert.Equal((1 << 20) + 1, SmallFile.ReadBytes(_folder.At("file"), (1 << 20) + 1).Length);
        Assert.Equal($"{_folder.At("file")}: larger than the 1 MiB that such a file can have; is this the right file?", Assert.Throws<RlhfException>(() => SmallFile.ReadBytes(_folder.At("file"), 1 << 20)).Message);
    }

    [Fact]
    public void ReadBytes_LinkToADeviceThatNeverEnds_IsRefused()
    {
        File.CreateSymbolicLink(_folder.At("config.json"), "/dev/zero");

        Assert.Contains("larger than the 1 MiB", Assert.Throws<RlhfException>(() => SmallFile.ReadBytes(_folder.At("config.json"), 1 << 20)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadBytes_Missing_SaysSoInOneLine()
    {
        var message = Assert.Throws<RlhfException>(() => SmallFile.ReadBytes(_folder.At("nowhere"))).Message;

        Assert.StartsWith($"{_folder.At("nowhere")}: cannot be read (Could not find file", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }
}
