using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Rlhf.Cli.Web.Http;
using Rlhf.Evaluation;
using Rlhf.Foundation.Recipes;
using Rlhf.Reports;

namespace Rlhf.Cli.Web.Watching;

/// <summary>What the page Watch asks for.</summary>
internal sealed class RunApi(RunCatalogue catalogue, TimeProvider clock)
{
    private const int LongestSamples = 512 * 1024, MostSamples = 10, MostCompared = 12;

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250), s_beat = TimeSpan.FromSeconds(15), s_forgotten = TimeSpan.FromMinutes(5), s_listPause = TimeSpan.FromSeconds(1);
    private static readonly string[] s_judged = [MetricNames.Score, MetricNames.Kl, MetricNames.Gold, MetricNames.Entropy, MetricNames.EosRate];

    private readonly RunStates _states = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, MetricsTail> _tails = [];
    private (long At, string Text)? _list;

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/api/runs", context => WriteText(context, List()));
        app.MapGet("/api/runs/live", Live);
        app.MapGet("/api/runs/charts", context => Json.Write(context, TrainingCharts.All.Select(chart =>
            new { chart.Id, chart.Title, chart.Description, chart.Unit, Scale = KeyNames.Snake(chart.Scale.ToString()), chart.Include, Lines = chart.Lines.Select(line => new { line.Metric, line.Label }) })));
        app.MapGet("/api/runs/metrics", Metrics);
        app.MapGet("/api/runs/events", Events);
        app.MapGet("/api/runs/words", Words);
        app.MapGet("/api/runs/samples", Samples);
        app.MapGet("/api/runs/curve", CurveOf);
        app.MapPost("/api/runs/stop", Stop);
    }

    private async Task Live(HttpContext context)
    {
        var stream = await EventStream.Begin(context);
        var (said, spoke) = ("", clock.GetTimestamp());
        while (!stream.Gone.IsCancellationRequested)
        {
            var list = List();
            if (list != said) await stream.Send("runs", said = list, null);
            else if (clock.GetElapsedTime(spoke) > s_beat) await stream.Beat();
            else
            {
                await Task.Delay(s_listPause, stream.Gone);
                continue;
            }

            spoke = clock.GetTimestamp();
        }
    }

    private Task Metrics(HttpContext context)
    {
        var tail = Tail(Run(context));
        tail.Refresh();
        return Json.Write(context, tail.Rows(Names(context)));
    }

    /// <summary>New rows of one run or several: what came behind the rows that the page has.</summary>
    private async Task Events(HttpContext context)
    {
        string[] ids = [.. context.Request.Query["run"].OfType<string>()];
        if (ids.Length is 0 or > MostCompared) throw new RefusedException(StatusCodes.Status400BadRequest, $"expected run=… once to {MostCompared} times");
        var names = Names(context);
        var runs = ids.Select((id, i) => (Run: catalogue.Find(id), From: Number(context, "from", i), Generation: Number(context, "generation", i))).ToArray();
        var stream = await EventStream.Begin(context);
        var spoke = clock.GetTimestamp();
        while (!stream.Gone.IsCancellationRequested)
        {
            for (var i = 0; i < runs.Length; i++)
            {
                var (run, first, generation) = runs[i];
                var tail = Tail(run);
                tail.Refresh();
                var rows = tail.Rows(names, first);
                if (rows.Generation == generation && rows.Steps.Count == 0) continue;
                if (rows.Generation == generation) await stream.Send("rows", new { Run = run.Id, rows.Generation, rows.From, rows.Steps, rows.Series });
                else await stream.Send("reset", new { Run = run.Id });
                runs[i] = (run, rows.From + rows.Steps.Count, rows.Generation);
                spoke = clock.GetTimestamp();
            }

            if (clock.GetElapsedTime(spoke) > s_beat)
            {
                await stream.Beat();
                spoke = clock.GetTimestamp();
            }

            await Task.Delay(s_pause, stream.Gone);
        }
    }

    private Task Words(HttpContext context)
    {
        var run = Run(context);
        var tail = Tail(run);
        tail.Refresh();
        var verdict = TrainingVerdict.Of(new ReportRun { Name = run.Id, Folder = run.Folder, Stages = [new ReportStage { Name = run.Stage, Metrics = tail.Table(s_judged) }] });
        return Json.Write(context, new { Headline = tail.Table(s_judged).Find(MetricNames.Score) is null ? null : verdict.Headline, verdict.Reasons, Advice = tail.Advice() });
    }

    /// <summary>The samples of the last step that has any, from the end of their file.</summary>
    private async Task Samples(HttpContext context)
    {
        var found = new List<JsonElement>();
        foreach (var line in RunStates.LastLines(Run(context).Samples, LongestSamples))
        {
            try
            {
                using var document = JsonDocument.Parse(line);
                if (document.RootElement.ValueKind == JsonValueKind.Object) found.Add(document.RootElement.Clone());
            }
            catch (Exception damaged) when (damaged is JsonException or InvalidOperationException)
            {
            }
        }

        var last = found.Count == 0 ? [] : found.Where(row => Step(row) == Step(found[^1])).Take(MostSamples).ToArray();
        await Json.Write(context, last);
    }

    private Task CurveOf(HttpContext context)
    {
        if (Run(context).Curve is not { } path) return Json.Write(context, new { Points = Array.Empty<object>() });
        var curve = CurveJson.Read(path);
        return Json.Write(context, new
        {
            Judge.Of(curve).Headline,
            Points = curve.Points.Select(point => new { point.Run, point.Step, Kl = point.Kl.Best.Value, Proxy = point.ProxyGain.Value, Gold = point.GoldGain?.Value }),
            BestOfN = curve.BestOfN.Select(point => new { point.N, point.Kl, Proxy = point.ProxyGain.Value, Gold = point.GoldGain?.Value }),
        });
    }

    private async Task Stop(HttpContext context)
    {
        var run = catalogue.Find((await Json.Read<StopBody>(context)).Run ?? "");
        StopRequest.Send(run);
        await Json.Write(context, new { Asked = run.Id });
    }

    private string List()
    {
        var runs = catalogue.Runs();
        lock (_gate)
        {
            if (_list is { } list && clock.GetElapsedTime(list.At) < s_listPause) return list.Text;
            foreach (var (id, tail) in _tails.ToArray()) if (clock.GetElapsedTime(tail.Used) > s_forgotten) _tails.Remove(id);
            var text = JsonSerializer.Serialize(runs.Select(run => _states.Of(run, _tails.GetValueOrDefault(run.Id)?.SecondsPerStep())), Json.Options);
            _list = (clock.GetTimestamp(), text);
            return text;
        }
    }

    private WatchedRun Run(HttpContext context) => catalogue.Find(Json.Query(context, "run"));

    private MetricsTail Tail(WatchedRun run)
    {
        lock (_gate)
        {
            if (!_tails.TryGetValue(run.Id, out var tail)) _tails[run.Id] = tail = new MetricsTail(run.Metrics, clock);
            return tail;
        }
    }

    private static string[] Names(HttpContext context) => [.. Json.Query(context, "names").Split(',', StringSplitOptions.RemoveEmptyEntries).Distinct()];

    private static int Number(HttpContext context, string name, int place) =>
        context.Request.Query[name] is var all && place < all.Count && int.TryParse(all[place], System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static double Step(JsonElement row) => row.TryGetProperty("step", out var step) && step.ValueKind == JsonValueKind.Number ? step.GetDouble() : double.NaN;

    private static Task WriteText(HttpContext context, string json)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        return context.Response.WriteAsync(json, context.RequestAborted);
    }

    private sealed record StopBody(string? Run);
}
