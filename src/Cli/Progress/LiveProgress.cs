using System.Collections.Concurrent;
using System.Globalization;
using Rlhf.Foundation.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Rlhf.Cli.Progress;

/// <summary>Progress on a terminal: a bar with rate and time left above a live table of the main numbers.</summary>
public sealed class LiveProgress(IAnsiConsole console) : IProgressSink
{
    private const int MostMetrics = 12, Columns = 3, LinesUnknown = 24;

    private readonly WarningList _warnings = new();
    private readonly Lock _gate = new();
    private IReadOnlyDictionary<string, double> _metrics = new Dictionary<string, double>();
    private string _title = "";
    private Pace? _pace;
    private CancellationTokenSource? _ended;
    private Task _drawing = Task.CompletedTask;
    private readonly ConcurrentQueue<FormattableString> _lines = [];

    public void Begin(string title, long total, long done)
    {
        End();
        // Some terminals say that they have no lines at all, and nothing can be drawn on those.
        if (console.Profile.Height < 1) console.Profile.Height = LinesUnknown;
        lock (_gate) (_title, _pace, _metrics) = (title, new Pace(total, done), new Dictionary<string, double>());
        _ended = new CancellationTokenSource();
        var ended = _ended.Token;
        _drawing = Task.Run(() => console.Live(Picture()).StartAsync(live => DrawUntil(live, ended)));
    }

    public void Advance(long done, IReadOnlyDictionary<string, double> metrics)
    {
        lock (_gate)
        {
            if (_pace is not null) _pace.Done = done;
            if (metrics.Count > 0) _metrics = metrics;
        }
    }

    public void End()
    {
        if (_ended is null) return;
        _ended.Cancel();
        _drawing.Wait();
        _ended.Dispose();
        _ended = null;
    }

    public void Note(string line) => Say($"{line}");

    public void Warn(string line)
    {
        if (_warnings.Add(line)) Say($"[yellow]warning:[/] {line}");
    }

    public void Dispose()
    {
        End();
        if (_warnings.All.Count == 0) return;
        console.MarkupLine("[yellow]warnings of this run:[/]");
        foreach (var line in _warnings.All) console.MarkupLineInterpolated($"  {line}");
    }

    /// <summary>While the bar is drawn, only its task writes: Spectre's locks deadlock when two threads write to a live display.</summary>
    private void Say(FormattableString line)
    {
        if (_ended is null) console.MarkupLineInterpolated(line);
        else _lines.Enqueue(line);
    }

    private void Speak()
    {
        while (_lines.TryDequeue(out var line)) console.Write(new Covering(Markup.FromInterpolated(line)));
    }

    private async Task DrawUntil(LiveDisplayContext live, CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            Speak();
            live.UpdateTarget(Picture());
            await Task.Delay(200, ended).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        Speak();
        live.UpdateTarget(Picture());
    }

    private Rows Picture()
    {
        lock (_gate)
        {
            var pace = _pace ?? new Pace(1, 0);
            var part = pace.Total > 0 ? Math.Clamp((double)pace.Done / pace.Total, 0, 1) : 1;
            var heading = string.Create(CultureInfo.InvariantCulture, $"{pace.Done}/{pace.Total}  {100 * part:0}%  {pace.RateText}  {pace.TimeText}");
            var bar = new BreakdownChart { Width = 40, ShowTags = false };
            bar.AddItem("done", part, Color.Green).AddItem("left", 1 - part, Color.Grey23);
            var top = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn(new GridColumn().Width(40)).AddColumn(new GridColumn().NoWrap())
                .AddRow(new Text(_title, new Style(decoration: Decoration.Bold)), bar, new Text(heading));
            return new Rows(new IRenderable[] { top }.Concat(_metrics.Count > 0 ? [Table()] : []));
        }
    }

    private Grid Table()
    {
        var grid = new Grid();
        for (var column = 0; column < Columns * 2; column++) grid.AddColumn(new GridColumn().NoWrap().PadRight(column % 2 == 1 ? 4 : 1));
        foreach (var row in _metrics.Take(MostMetrics).Chunk(Columns))
        {
            var cells = row.SelectMany(metric => new IRenderable[]
            {
                new Text(metric.Key, new Style(Color.Grey)),
                new Text(metric.Value.ToString("G4", CultureInfo.InvariantCulture)),
            });
            grid.AddRow([.. cells, .. Enumerable.Repeat(Text.Empty, (Columns - row.Length) * 2)]);
        }

        return grid;
    }

    /// <summary>A line printed where the bar stands reaches to the right edge, so that nothing of the bar stays behind it.</summary>
    private sealed class Covering(IRenderable line) : Renderable
    {
        protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
        {
            foreach (var part in Segment.SplitLines(line.Render(options, maxWidth), maxWidth))
            {
                foreach (var segment in part) yield return segment;
                yield return Segment.Padding(Math.Max(0, maxWidth - part.CellCount()));
                yield return Segment.LineBreak;
            }
        }
    }
}
