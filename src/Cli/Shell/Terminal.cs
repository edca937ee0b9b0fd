using Rlhf.Cli.Progress;
using Rlhf.Foundation.Runs;
using Spectre.Console;

namespace Rlhf.Cli.Shell;

/// <summary>Chooses how progress is shown: live where stderr is a terminal that can, else plain lines.</summary>
internal static class Terminal
{
    public static IProgressSink Progress(TextWriter error) =>
        Rank > 0 ? new SilentProgress()
        : IsLive(error) ? new LiveProgress(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) })) : new PlainProgress(error);

    /// <summary>Of several processes in a job only the first speaks.</summary>
    private static int Rank =>
        int.TryParse(Environment.GetEnvironmentVariable("RANK") ?? Environment.GetEnvironmentVariable("SLURM_PROCID"), out var rank) ? rank : 0;

    private static bool IsLive(TextWriter error) =>
        ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
}
