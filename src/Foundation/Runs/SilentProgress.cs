namespace Rlhf.Foundation.Runs;

/// <summary>Progress nobody watches; it still keeps the warnings.</summary>
public sealed class SilentProgress : IProgressSink
{
    private readonly WarningList _warnings = new();

    public IReadOnlyList<string> Warnings => _warnings.All;

    public void Begin(string title, long total, long done) { }

    public void Advance(long done, IReadOnlyDictionary<string, double> metrics) { }

    public void End() { }

    public void Note(string line) { }

    public void Warn(string line) => _warnings.Add(line);

    public void Dispose() { }
}
