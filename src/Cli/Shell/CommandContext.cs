using Rlhf.Foundation.Jobs;
using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Shell;

/// <summary>What a command is handed besides its recipe.</summary>
public sealed record CommandContext
{
    /// <summary>Results, and nothing else.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Progress, notes and warnings.</summary>
    public required IProgressSink Progress { get; init; }

    /// <summary>Cancelled when the user or the batch system asks the program to stop.</summary>
    public CancellationToken Stop { get; init; }

    /// <summary>This process's part in the job it was started for.</summary>
    internal JobMembership Job { get; init; } = JobMembership.None();

    public OutputFormat Format { get; init; }
}

/// <summary>How results are printed.</summary>
public enum OutputFormat
{
    Text,

    /// <summary>One JSON object or line per result, for scripts.</summary>
    Json,
}
