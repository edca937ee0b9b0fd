using System.Text.Json;
using System.Threading.Channels;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Runs;

namespace Rlhf.Foundation.Tracking;

/// <summary>
/// A run's recipe and numbers in MLflow, sent by a task of its own: training never waits. A server that does not answer costs
/// one warning. A run that goes on from a checkpoint goes on there as the run it was.
/// </summary>
public sealed class MlflowTracker : ITracker
{
    private const string StateFile = "mlflow.json";
    private const int MostWaiting = 100_000, MostMetrics = 1000, MostParameters = 100, LongestKey = 250, LongestValue = 500;

    private readonly MlflowOptions _options;
    private readonly TrackedRun _run;
    private readonly MlflowClient _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<Number> _waiting = Channel.CreateBounded<Number>(new BoundedChannelOptions(MostWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });
    private readonly Task _work;
    private volatile string? _failure;
    private RunEnding _ending = RunEnding.Failed;
    private bool _warned;

    /// <param name="variable">reads the environment, which is where secrets are told</param>
    public MlflowTracker(MlflowOptions options, TrackedRun run, Func<string, string?>? variable = null)
    {
        (_options, _run, _client) = (options, run, new MlflowClient(options, variable ?? Environment.GetEnvironmentVariable));
        _work = Task.Run(Work);
    }

    public void Log(long step, IReadOnlyDictionary<string, double> metrics)
    {
        WarnOnce();
        if (_failure is not null) return;
        var now = Now();
        foreach (var (name, value) in metrics)
            if (double.IsFinite(value)) _waiting.Writer.TryWrite(new Number(name, value, now, step));
    }

    public void End(RunEnding ending)
    {
        _ending = ending;
        _waiting.Writer.TryComplete();
        if (!_work.Wait(_options.LastWait))
        {
            _failure ??= $"what was left to send took more than {_options.LastWait.TotalSeconds:0.#} s";
            _stop.Cancel();
        }

        WarnOnce();
    }

    public void Dispose()
    {
        _waiting.Writer.TryComplete();
        _stop.Cancel();
        _work.Wait(_options.Timeout);
        _client.Dispose();
        _stop.Dispose();
    }

    /// <summary>On the thread that trains: a line from another could fall into the middle of its progress.</summary>
    private void WarnOnce()
    {
        if (_failure is null || _warned) return;
        _warned = true;
        _run.Warn($"MLflow at {_options.Address}: {_failure}; the run goes on without it");
    }

    private async Task Work()
    {
        try
        {
            var id = await Begin().ConfigureAwait(false);
            while (await _waiting.Reader.WaitToReadAsync(_stop.Token).ConfigureAwait(false))
            {
                var metrics = new List<Number>();
                while (metrics.Count < MostMetrics && _waiting.Reader.TryRead(out var number)) metrics.Add(number);
                await Send("runs/log-batch", new { run_id = id, metrics }).ConfigureAwait(false);
            }

            await Send("runs/update", new { run_id = id, status = _ending switch { RunEnding.Finished => "FINISHED", RunEnding.Stopped => "KILLED", _ => "FAILED" }, end_time = Now() }).ConfigureAwait(false);
        }
        catch (Exception error) when (error is RlhfException or OperationCanceledException or IOException or UnauthorizedAccessException)
        {
            _failure ??= error is OperationCanceledException ? "it was left before all was sent" : error.Message;
        }
    }

    private async Task Send(string path, object body)
    {
        if (!await _client.Send(path, body, _stop.Token).ConfigureAwait(false)) throw new RlhfException($"the run is no longer there ({path})");
    }

    /// <summary>The id of the run there: the one it was before, or a new one with the recipe's keys.</summary>
    private async Task<string> Begin()
    {
        if (_run.StepsDone > 0 && Earlier() is { } earlier && await _client.Send("runs/update", new { run_id = earlier, status = "RUNNING" }, _stop.Token).ConfigureAwait(false)) return earlier;
        var experiment = await _client.Experiment(_options.Experiment, _stop.Token).ConfigureAwait(false);
        var name = _options.RunName.Length > 0 ? _options.RunName : _run.Name;
        var id = await _client.CreateRun(new
        {
            experiment_id = experiment,
            run_name = name,
            start_time = Now(),
            tags = new[] { new { key = "mlflow.runName", value = name }, new { key = "rlhf.stage", value = _run.Stage }, new { key = "rlhf.folder", value = Path.GetFullPath(_run.Folder) } },
        }, _stop.Token).ConfigureAwait(false);
        Durable.WriteText(StatePath, JsonSerializer.Serialize(new State(_options.Address.AbsoluteUri, id), JsonText.Lines) + "\n");
        foreach (var some in _run.Keys.Where(key => key.Key.Length <= LongestKey).Chunk(MostParameters))
            await Send("runs/log-batch", new { run_id = id, @params = some.Select(key => new { key = key.Key, value = key.Value.Length <= LongestValue ? key.Value : key.Value[..LongestValue] }) }).ConfigureAwait(false);
        return id;
    }

    private string StatePath => Path.Combine(_run.Folder, StateFile);

    private string? Earlier()
    {
        try
        {
            return File.Exists(StatePath) && JsonSerializer.Deserialize<State>(File.ReadAllText(StatePath), JsonText.Lines) is { } state && state.Address == _options.Address.AbsoluteUri ? state.RunId : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static long Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    // In the words of the interface.
    private sealed record Number(string key, double value, long timestamp, long step);

    private sealed record State(string Address, string RunId);
}
