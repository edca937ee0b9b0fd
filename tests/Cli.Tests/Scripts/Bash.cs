using System.Diagnostics;

namespace Rlhf.Cli.Tests.Scripts;

/// <summary>Runs bash in a folder, with programs of the test's own in front of the PATH.</summary>
internal sealed class Bash : IDisposable
{
    private readonly string _programs;

    public Bash()
    {
        Folder = Directory.CreateTempSubdirectory("rlhf-shell-").FullName;
        _programs = Path.Combine(Folder, "programs");
        Directory.CreateDirectory(_programs);
    }

    internal sealed record Ending(int Code, string Output, string Error);

    public string Folder { get; }

    public Dictionary<string, string> Variables { get; } = [];

    public static string Script(params string[] parts) => Path.Combine([TestData.Repository, "scripts", .. parts]);

    /// <summary>Whether the machine has a program of this name.</summary>
    public static bool Has(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Puts a program of this name in front of all others.</summary>
    public void Stand(string name, string script)
    {
        var path = Path.Combine(_programs, name);
        File.WriteAllText(path, "#!/usr/bin/env bash\n" + script);
        Run($"chmod +x '{path}'");
    }

    public Ending Run(string command, int seconds = 60)
    {
        var start = new ProcessStartInfo("bash", ["-c", command]) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{_programs}:{Environment.GetEnvironmentVariable("PATH")}";
        foreach (var (name, value) in Variables) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(TimeSpan.FromSeconds(seconds)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"did not end: {command}");
        }

        return new Ending(process.ExitCode, output.Result, error.Result);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
