using Rlhf.Cli.Progress;
using Rlhf.Foundation.Jobs;
using Rlhf.Foundation.Runs;
using Spectre.Console;

namespace Rlhf.Cli.Shell;

/// <summary>Chooses how progress is shown: live where stderr is a terminal that can, else plain lines; of several processes in a job only the first speaks.</summary>
internal static class Terminal
{
    public static IProgressSink Progress(TextWriter error) =>
        !JobPlace.IsFirst() ? new SilentProgress()
        : IsLive(error) ? new LiveProgress(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) })) : new PlainProgress(error);

    private static bool IsLive(TextWriter error) =>
        ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
}
