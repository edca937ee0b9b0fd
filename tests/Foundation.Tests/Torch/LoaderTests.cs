using System.Diagnostics;

namespace Rlhf.Foundation.Tests.Torch;

/// <summary>A process whose libtorch is missing, or is none that fits: one line, the code 1, and no number.</summary>
public sealed class LoaderTests : IDisposable
{
    private const string Debians = "/usr/lib/x86_64-linux-gnu";
    private const string NewerVariable = "RLHF_TEST_NEWER_LIBTORCH";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Start_FolderWithoutLibtorch_EndsWithOneLine() => Refused(
        _folder.Path, $"RLHF_LIBTORCH is {_folder.Path}, where there is no libtorch.so, nor under lib; point it at the folder of libtorch or of PyTorch, or unset it");

    [Fact]
    public void Start_FolderThatIsNotThere_EndsWithOneLine() => Refused(
        _folder.At("none"), $"RLHF_LIBTORCH is {_folder.At("none")}, where there is no libtorch.so, nor under lib; point it at the folder of libtorch or of PyTorch, or unset it");

    [Fact]
    public void Start_FileThatIsNoLibrary_EndsWithOneLine()
    {
        File.WriteAllText(_folder.At("libtorch.so"), "no library");

        Refused(_folder.Path, $"{_folder.At("libtorch.so")} cannot be loaded: ");
    }

    [Fact]
    public void Start_Libtorch113_EndsWithOneLineThatNamesBothVersions()
    {
        Assert.SkipUnless(File.Exists($"{Debians}/libtorch.so.1.13"), "Debian 12's libtorch 1.13 is not installed");

        Refused(Debians, $"libtorch 1.13 in {Debians} is too old; TorchSharp 0.107.0 was built against 2.10 and wants PyTorch 2.10 or 2.11: ");
    }

    [Fact]
    public void Start_LibtorchThatLaysTensorsOutOtherwise_EndsWithOneLineThatSaysWhatWasReadWrong()
    {
        var newer = Environment.GetEnvironmentVariable(NewerVariable);
        Assert.SkipWhen(string.IsNullOrEmpty(newer), $"{NewerVariable} names no folder of a libtorch after 2.11");

        var line = Refused(newer, "libtorch ");
        Assert.Contains(" does not fit: ", line, StringComparison.Ordinal);
        Assert.Contains(" is read as ", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_AnotherLibtorchOnTheSystem_IsLeftAlone()
    {
        Assert.SkipUnless(File.Exists($"{Debians}/libtorch.so.1.13"), "no other libtorch is installed");

        var (code, output, error) = Run(null, "-class", typeof(LoadedLibtorchTests).FullName!);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("Total: 3, Errors: 0, Failed: 0", output, StringComparison.Ordinal);
    }

    private static string Refused(string libtorch, string line)
    {
        var (code, output, error) = Run(libtorch, "-method", $"{typeof(LoadedLibtorchTests).FullName}.{nameof(LoadedLibtorchTests.Product_OfThisProcess_IsRight)}");

        Assert.Equal(1, code);
        Assert.StartsWith(line, error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(letter => letter == '\n'));
        Assert.DoesNotContain("Total: ", output, StringComparison.Ordinal);
        return error;
    }

    /// <summary>The tests of what a process found, in one that is told of this folder.</summary>
    private static (int Code, string Output, string Error) Run(string? libtorch, params string[] filter)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(LoadedLibtorchTests).Assembly.Location, "-noLogo", "-noColor", .. filter]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("RLHF_LIBTORCH");
        if (libtorch is not null) start.Environment["RLHF_LIBTORCH"] = libtorch;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(2)), "the process did not end");
        return (process.ExitCode, output.Result, error.Result);
    }
}
