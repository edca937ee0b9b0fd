namespace Rlhf.Foundation.Runs;

/// <summary>Where work tells how far it is; everything goes to stderr. Disposing repeats the warnings.</summary>
public interface IProgressSink : IDisposable
{
    /// <param name="done">How much was done before, by an earlier session of the run.</param>
    void Begin(string title, long total, long done);

    /// <param name="done">Units done so far, of the total.</param>
    /// <param name="metrics">The main numbers, most telling first.</param>
    void Advance(long done, IReadOnlyDictionary<string, double> metrics);

    void End();

    void Note(string line);

    /// <summary>Shown at once when it is new, and again at the end.</summary>
    void Warn(string line);
}
