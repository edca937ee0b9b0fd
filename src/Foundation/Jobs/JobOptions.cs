using System.Globalization;
using System.Runtime.InteropServices;

namespace Rlhf.Foundation.Jobs;

/// <summary>How processes of a job find and watch each other.</summary>
internal sealed partial record JobOptions
{
    private const string TimeoutVariable = "RLHF_RANK_TIMEOUT";
    private const double UsualTimeout = 1800, LongestSilence = 60;

    /// <summary>What runs; all ranks have to run the same.</summary>
    public string Version { get; init; } = "";

    /// <summary>A rank that keeps the others waiting for longer ends the job, one that cannot be heard too.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(UsualTimeout);

    /// <summary>Every rank says so often that it is there.</summary>
    public TimeSpan Beat { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Receives the one line of a job that ends because a rank cannot go on.</summary>
    public Action<string> Say { get; init; } = line => Console.Error.WriteLine($"rlhf: {line}");

    /// <summary>Ends this process, whatever its threads wait for.</summary>
    public Action<int> Quit { get; init; } = EndProcess;

    /// <summary>How long a rank may give no sign of life; one that computes hard still gives them. Usually the timeout, and a minute at most.</summary>
    internal TimeSpan Silence
    {
        get => field > TimeSpan.Zero ? field : TimeSpan.FromSeconds(Math.Min(Timeout.TotalSeconds, LongestSilence));
        init;
    }

    /// <summary>How long to wait for the others to come; usually the timeout.</summary>
    internal TimeSpan Patience
    {
        get => field > TimeSpan.Zero ? field : Timeout;
        init;
    }

    /// <summary>With the timeout that RLHF_RANK_TIMEOUT gives in seconds.</summary>
    public static JobOptions FromEnvironment(string version)
    {
        var text = Environment.GetEnvironmentVariable(TimeoutVariable);
        if (string.IsNullOrEmpty(text)) return new JobOptions { Version = version };
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds >= 1
            ? new JobOptions { Version = version, Timeout = TimeSpan.FromSeconds(seconds) }
            : throw new RlhfException($"{TimeoutVariable} is '{text}'; a number of seconds from 1 on was expected");
    }

    // A thread may be inside MPI, which nothing ends; leaving by the front door would wait for it.
    private static void EndProcess(int code)
    {
        Console.Error.Flush();
        Console.Out.Flush();
        Exit(code);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int code);
}
