using System.Diagnostics;

namespace Rlhf.Cli.Tests.Whole;

/// <summary>The program as a process of its own: what it prints, how it ends, and how it takes signals.</summary>
internal sealed class ProgramProcess : IDisposable
{
    /// <summary>A command that prints a line and goes on.</summary>
    private const string LivesOn = "serve";

    private readonly Process _process;
    private readonly Lazy<Task<string>> _output;
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
        _output = new Lazy<Task<string>>(_process.StandardOutput.ReadToEndAsync);
        if (!words.Contains(LivesOn)) _ = _output.Value;
        _error = _process.StandardError.ReadToEndAsync();
    }

    internal sealed record Ending(int Code, string Output, string Error);

    public static Ending Run(string folder, params string[] words)
    {
        using var process = new ProgramProcess(folder, words);
        return process.Wait();
    }

    public bool HasExited => _process.HasExited;

    /// <summary>Bytes of it in memory.</summary>
    public long Memory
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>What it prints first.</summary>
    public async Task<string> FirstLine() => await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(await _error);

    public void Signal(string name)
    {
        using var kill = Process.Start("bash", ["-c", $"kill -s {name} {_process.Id}"]);
        kill.WaitForExit();
    }

    public Ending Wait()
    {
        if (!_process.WaitForExit(TimeSpan.FromSeconds(60))) throw new TimeoutException($"the program did not end: {_process.StartInfo.Arguments}");
        return new Ending(_process.ExitCode, _output.Value.Result, _error.Result);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
