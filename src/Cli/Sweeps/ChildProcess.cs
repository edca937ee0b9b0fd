using System.Diagnostics;
using System.Runtime.InteropServices;
using Rlhf.Cli.Shell;

namespace Rlhf.Cli.Sweeps;

/// <summary>How a child ended, and the last thing it said on stderr.</summary>
public sealed record ChildEnding(int Code, string LastLine);

/// <summary>A program to start, with the words that come before the command's own.</summary>
public sealed partial record ChildProgram(string File, IReadOnlyList<string> Words)
{
    private const int Terminate = 15;

    /// <summary>This program itself, as it was started.</summary>
    public static ChildProgram Itself()
    {
        var process = Environment.ProcessPath ?? "dotnet";
        return Path.GetFileNameWithoutExtension(process) == "dotnet"
            ? new ChildProgram(process, [Path.Combine(AppContext.BaseDirectory, "Rlhf.Cli.dll")])
            : new ChildProgram(process, []);
    }

    /// <summary>
    /// Runs to the end, all output added to a log; when a stop is asked for, the child gets SIGTERM and its time to leave a
    /// checkpoint. A child whose parent is killed stops in the same way. A log that cannot be added to lacks lines, and ends nothing.
    /// </summary>
    public async Task<ChildEnding> Run(IEnumerable<string> words, string log, CancellationToken stop)
    {
        var start = new ProcessStartInfo(File, [.. Words, .. words]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        // Nothing is held back: what a full disk did not take is not tried again when the log is closed.
        await using var writer = new StreamWriter(new FileStream(log, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0)) { AutoFlush = true };
        start.Environment[Leash.Variable] = "1";
        var gate = new Lock();
        var last = "";
        using var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Write(line.Data);
        process.ErrorDataReceived += (_, line) => last = Write(line.Data) ?? last;
        Write($"$ {string.Join(' ', start.ArgumentList)}");
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await using var ask = stop.Register(() => _ = Kill(process.Id, Terminate));
        await process.WaitForExitAsync(CancellationToken.None);
        return new ChildEnding(process.ExitCode, last);

        string? Write(string? line)
        {
            if (string.IsNullOrWhiteSpace(line)) return null;
            try
            {
                lock (gate) writer.WriteLine(line);
            }
            catch (IOException)
            {
                // This may be a thread of the pool, where it would end the sweep.
            }

            return line.Trim();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
