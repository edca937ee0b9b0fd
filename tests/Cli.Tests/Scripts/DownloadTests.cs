using System.Security.Cryptography;
using System.Text;

namespace Rlhf.Cli.Tests.Scripts;

public sealed class DownloadTests : IDisposable
{
    private readonly Bash _shell = new();
    private readonly HubStandIn _hub = new();
    private readonly byte[] _weights = [.. Enumerable.Range(0, 50_000).Select(i => (byte)(i * 7))];

    public DownloadTests()
    {
        Assert.SkipUnless(_shell.Run("command -v curl").Code == 0, "curl is not installed");
        _shell.Variables["HF_ENDPOINT"] = _hub.Address;
        // git's name of the six bytes "hello\n", as `git hash-object` gives it.
        _hub.Files["config.json"] = ("hello\n"u8.ToArray(), "ce013625030ba8dba906f756967f9e9ca394464a");
        _hub.Files["model.safetensors"] = (_weights, Convert.ToHexStringLower(SHA256.HashData(_weights)));
    }

    public void Dispose()
    {
        _shell.Dispose();
        _hub.Dispose();
    }

    [Fact]
    public void Download_Model_FetchesWhatThereIs()
    {
        var ending = Download();

        Assert.Equal(0, ending.Code);
        Assert.Equal(_weights, File.ReadAllBytes(At("model.safetensors")));
        Assert.Equal([".hub", "config.json", "model.safetensors"], Directory.GetFiles(At()).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Download_Again_TransfersNothing()
    {
        Download();
        _hub.Requests.Clear();

        Assert.Equal(0, Download().Code);
        Assert.DoesNotContain(_hub.Requests, request => request.StartsWith("GET", StringComparison.Ordinal));
    }

    [Fact]
    public void Download_BrokeOff_GoesOnWhereItWas()
    {
        Directory.CreateDirectory(At());
        File.WriteAllBytes(At("model.safetensors.part"), _weights[..20_000]);

        Assert.Equal(0, Download().Code);
        Assert.Contains("GET model.safetensors 20000", _hub.Requests);
        Assert.Equal(_weights, File.ReadAllBytes(At("model.safetensors")));
    }

    [Fact]
    public void Download_FileDamagedOnDisk_IsFetchedAgain()
    {
        Download();
        File.WriteAllText(At("config.json"), "hellO\n");

        Assert.Equal(0, Download().Code);
        Assert.Equal("hello\n", File.ReadAllText(At("config.json")));
    }

    [Fact]
    public void Download_WrongContent_IsRefusedAndRemoved()
    {
        _hub.Files["model.safetensors"] = (Encoding.UTF8.GetBytes("other"), _hub.Files["model.safetensors"].Checksum);

        var ending = Download();

        Assert.Equal(1, ending.Code);
        Assert.Contains("model.safetensors differs from the hub's checksum", ending.Error, StringComparison.Ordinal);
        Assert.Equal([At(".hub"), At("config.json")], Directory.GetFiles(At()).Order(StringComparer.Ordinal));
        Assert.Equal("some/model\n", File.ReadAllText(At(".hub")));
    }

    [Fact]
    public void Download_MissingFile_SaysWhich()
    {
        var ending = Download("data/none.parquet");

        Assert.Equal((1, "download: some/model has no file data/none.parquet\n"), (ending.Code, ending.Error));
    }

    [Fact]
    public void Download_PathOutside_IsRefused() => Assert.Contains("paths inside the repository only", Download("../x").Error, StringComparison.Ordinal);

    private string At(params string[] parts) => Path.Combine([_shell.Folder, "model", .. parts]);

    private Bash.Ending Download(string files = "") => _shell.Run($"{Bash.Script("download.sh")} some/model model {files}");
}
