using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Rlhf.Cli.Tests.Whole;

/// <summary>The program as a process of its own: what it prints, how it ends, and how it takes signals.</summary>
internal sealed class ProgramProcess : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Said _output;
    private readonly Said _error;

    public ProgramProcess(string folder, params string[] words)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Rlhf.Cli.dll"), .. words])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _output = new Said(_process.StandardOutput);
        _error = new Said(_process.StandardError);
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
    public Task<string> FirstLine() => Find(_output, "^(.*)\n");

    /// <summary>The group of a pattern, as soon as what it says of its progress matches.</summary>
    public Task<string> Says(string pattern) => Find(_error, pattern);

    public void Signal(string name)
    {
        using var kill = Process.Start("bash", ["-c", $"kill -s {name} {_process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>SIGKILL, at once; what it started lives on.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <param name="patience">For what takes longer than most.</param>
    public Ending Wait(TimeSpan? patience = null)
    {
        if (!_process.WaitForExit(patience ?? s_patience)) throw new TimeoutException($"the program did not end: {_process.StartInfo.Arguments}");
        return new Ending(_process.ExitCode, _output.All.Result, _error.All.Result);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    private async Task<string> Find(Said said, string pattern)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < s_patience; await Task.Delay(20))
        {
            var hasEnded = _process.HasExited;
            if (Regex.Match(said.SoFar, pattern) is { Success: true } found) return found.Groups[1].Value;
            if (hasEnded) break;
        }

        throw new InvalidOperationException($"the program never said {pattern}: {_output.SoFar}{_error.SoFar}");
    }

    /// <summary>What comes out of a stream, kept as it comes.</summary>
    private sealed class Said
    {
        private readonly StringBuilder _text = new();

        public Said(StreamReader stream) => All = Task.Run(async () =>
        {
            var buffer = new char[4096];
            for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
                lock (_text) _text.Append(buffer, 0, read);
            return SoFar;
        });

        public Task<string> All { get; }

        public string SoFar
        {
            get
            {
                lock (_text) return _text.ToString();
            }
        }
    }
}
