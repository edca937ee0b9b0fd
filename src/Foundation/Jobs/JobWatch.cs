namespace Rlhf.Foundation.Jobs;

/// <summary>
/// Watches over the ranks of a job from a thread of its own: one that dies, falls silent or keeps the others waiting ends them
/// all, whatever they wait for. Rank 0 hears all the others and they hear rank 0.
/// </summary>
internal abstract class JobWatch(JobOptions options) : IExchangeCount, IDisposable
{
    protected const int Failed = 1;

    private long _count;
    private int _inside, _ended;

    /// <summary>Exchanges that this rank has come to.</summary>
    protected long Count => Interlocked.Read(ref _count);

    /// <summary>Whether it waits in one.</summary>
    protected bool IsInside => Volatile.Read(ref _inside) == 1;

    protected JobOptions Options => options;

    public void Enter()
    {
        Interlocked.Increment(ref _count);
        Volatile.Write(ref _inside, 1);
    }

    public void Leave() => Volatile.Write(ref _inside, 0);

    /// <summary>Tells the others that this rank cannot go on. The one whose place it is says why.</summary>
    public abstract void Abandon(string line, int code, Action say);

    /// <summary>Leaves a job whose work is done; returns when the others have got there too.</summary>
    public abstract void Part();

    public abstract void Dispose();

    /// <summary>The first to call it decides how the job ends.</summary>
    protected bool BeginEnd() => Interlocked.Exchange(ref _ended, 1) == 0;

    protected bool HasEnded => Volatile.Read(ref _ended) == 1;

    protected static Thread Start(string name, Action work)
    {
        var thread = new Thread(() => work()) { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }

    /// <summary>Beats, not seconds: a process that was stopped for a while has not waited meanwhile.</summary>
    protected int Beats(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time / options.Beat));

    protected static string Seconds(TimeSpan time) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");

    protected static (int Code, string Text) Ending(string text)
    {
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && int.TryParse(text[..space], out var code) ? (code, text[(space + 1)..]) : (Failed, text);
    }
}
