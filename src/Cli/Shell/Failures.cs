using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Jobs;
using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Shell;

/// <summary>Turns what went wrong into one line and an exit code; RLHF_TRACE=1 adds where it happened.</summary>
internal static partial class Failures
{
    private const int Failed = 1, WrongUsage = 2, Stopped = 130;

    public static int Report(Command command, object recipe, TextWriter error, CommandContext context, Func<int> work)
    {
        try
        {
            return work();
        }
        catch (InterruptedException stopped) when (stopped.IsShared)
        {
            context.Progress.End();
            if (JobPlace.IsFirst()) error.WriteLine($"rlhf {command.Name}: {stopped.Message}");
            return Stopped;
        }
        catch (InterruptedException stopped)
        {
            return End(stopped.Message, Stopped);
        }
        catch (OperationCanceledException)
        {
            return End("stopped before anything worth a checkpoint was done", Stopped);
        }
        catch (Exception failure)
        {
            if (Trace) error.WriteLine(failure);
            return End(Line(failure, command, recipe), failure is WrongUsageException ? WrongUsage : Failed);
        }

        int End(string line, int code)
        {
            context.Job.Abandon(line, code, () =>
            {
                context.Progress.End();
                error.WriteLine($"rlhf {command.Name}: {line}");
            });
            return code;
        }
    }

    private static bool Trace => Environment.GetEnvironmentVariable("RLHF_TRACE") is "1" or "true";

    private static string Line(Exception failure, Command command, object recipe)
    {
        while (failure is AggregateException or TypeInitializationException && failure.InnerException is { } inner) failure = inner;
        return failure switch
        {
            RlhfException known => known.Message,
            _ when OutOfMemory.Line(failure, () => command.WhenOutOfMemory?.Invoke(recipe)) is { } line => line,
            ExternalException when FailedGpu().Match(failure.Message) is { Success: true } said => $"the GPU failed ({said.Value}); run the same command again to go on from the last checkpoint; if it fails again, nvidia-smi and dmesg say more",
            _ when Durable.IsDiskFull(failure) => $"the disk is full ({OneLine(failure)}); free space, then run the same command again to go on",
            DllNotFoundException or BadImageFormatException or EntryPointNotFoundException => $"a native library cannot be used: {OneLine(failure)}; rlhf doctor says more",
            UnauthorizedAccessException or IOException => OneLine(failure),
            _ => $"unexpected {failure.GetType().Name}: {OneLine(failure)}; RLHF_TRACE=1 shows where",
        };
    }

    // libtorch's words end with advice to its developers, a line each.
    [GeneratedRegex(@"^(?:CUDA|cuDNN) error:[^\r\n]+")]
    private static partial Regex FailedGpu();

    private static string OneLine(Exception failure)
    {
        var message = failure.Message.ReplaceLineEndings(" ").Trim();
        return message.Length > 400 ? message[..400] + "…" : message;
    }
}
