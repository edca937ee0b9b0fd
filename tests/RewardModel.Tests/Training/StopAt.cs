using Rlhf.Foundation.Runs;

namespace Rlhf.Rewards.Tests.Training;

/// <summary>Asks for a stop when so many steps were shown, and keeps what was said.</summary>
internal sealed class StopAt(int? step, CancellationTokenSource? stop = null) : IProgressSink
{
    private int shown;

    public List<string> Said { get; } = [];

    public void Advance(long done, IReadOnlyDictionary<string, double> metrics)
    {
        if (++shown == step) stop!.Cancel();
    }

    public void Begin(string title, long total, long done) { }

    public void End() { }

    public void Note(string line) => Said.Add(line);

    public void Warn(string line) => Said.Add(line);

    public void Dispose() { }
}
