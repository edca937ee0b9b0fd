using System.Diagnostics;

namespace Rlhf.Cli.Tests.Whole;

/// <summary>The program as a process of its own: what it prints, how it ends, and how it takes signals.</summary>
internal sealed class ProgramProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    public ProgramProcess(string folder, params string[] words)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Rlhf.Cli.dll"), .. words])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _error = _process.StandardError.ReadToEndAsync();
    }

    internal sealed record Ending(int Code, string Output, string Error);

    public static Ending Run(string folder, params string[] words)
    {
        using var process = new ProgramProcess(folder, words);
        return process.Wait();
    }

    public void Signal(string name)
    {
        using var kill = Process.Start("bash", ["-c", $"kill -s {name} {_process.Id}"]);
        kill.WaitForExit();
    }

    public Ending Wait()
    {
        if (!_process.WaitForExit(TimeSpan.FromSeconds(60))) throw new TimeoutException($"the program did not end: {_process.StartInfo.Arguments}");
        return new Ending(_process.ExitCode, _output.Result, _error.Result);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
