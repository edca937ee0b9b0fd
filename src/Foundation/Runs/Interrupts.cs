using System.Runtime.InteropServices;

namespace Rlhf.Foundation.Runs;

/// <summary>
/// SIGINT, SIGTERM and SIGUSR1 ask the work to stop at its next step, where it leaves a checkpoint; a second SIGINT
/// ends the process at once. Slurm sends SIGTERM (or SIGUSR1, with --signal) before it takes a job's machine away.
/// </summary>
public sealed class Interrupts : IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Action<string> _say;
    private bool _isDisposed;

    public Interrupts(Action<string> say)
    {
        _say = say;
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Ask(context, "SIGINT")));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Ask(context, "SIGTERM")));
        if (!OperatingSystem.IsWindows())
            _registrations.Add(PosixSignalRegistration.Create(UserSignal1, context => Ask(context, "SIGUSR1")));
    }

    /// <summary>Cancelled when a stop was asked for: for waits that should end early.</summary>
    public CancellationToken Token => _stop.Token;

    private static PosixSignal UserSignal1 => (PosixSignal)(OperatingSystem.IsLinux() ? 10 : 30);

    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        lock (_registrations)
        {
            _isDisposed = true;
            _stop.Dispose();
        }
    }

    /// <summary>Asks for a stop, for a reason that is said.</summary>
    public void Ask(string reason)
    {
        lock (_registrations)
        {
            if (_isDisposed || _stop.IsCancellationRequested) return;
            _stop.Cancel();
        }

        _say($"{reason}: stopping at the next step with a checkpoint{(reason == "SIGINT" ? "; press Ctrl-C again to end at once" : "")}");
    }

    private void Ask(PosixSignalContext context, string name)
    {
        context.Cancel = !(_stop.IsCancellationRequested && context.Signal == PosixSignal.SIGINT);
        Ask(name);
    }
}

/// <summary>The work stopped because it was asked to, with a checkpoint on disk where it keeps any; the program ends with 130.</summary>
public sealed class InterruptedException(string message) : Exception(message)
{
    /// <summary>Whether all ranks of the job stop here, and not this process alone.</summary>
    public bool IsShared { get; init; }
}
