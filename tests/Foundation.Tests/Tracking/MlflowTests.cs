using System.Diagnostics;
using System.Text.Json;
using Rlhf.Foundation.Runs;
using Rlhf.Foundation.Tracking;

namespace Rlhf.Foundation.Tests.Tracking;

/// <summary>A run in MLflow, as its REST interface documents the calls (mlflow.org, REST API 2.0).</summary>
public sealed class MlflowTests : IDisposable
{
    private const string Prefix = "/api/2.0/mlflow/";

    private readonly TemporaryFolder _folder = new();
    private readonly SilentProgress _progress = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Run_WholeOnAnEmptyServer_MakesTheDocumentedCalls()
    {
        using var server = new CallServer(Mlflow());

        Train(server.Address, steps: 3, finish: true);

        var calls = server.Calls.ToArray();
        Assert.Equal(("GET", Prefix + "experiments/get-by-name?experiment_name=my%20tests"), (calls[0].Method, calls[0].Path));
        Assert.Equal("""{"name":"my tests"}""", Body(calls, "experiments/create").GetRawText());
        var made = Body(calls, "runs/create");
        Assert.Equal(("7", "runs/x"), (made.GetProperty("experiment_id").GetString(), made.GetProperty("run_name").GetString()));
        Assert.InRange(made.GetProperty("start_time").GetInt64(), DateTimeOffset.UtcNow.AddMinutes(-5).ToUnixTimeMilliseconds(), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        Assert.Contains(made.GetProperty("tags").EnumerateArray(), tag => tag.GetProperty("key").GetString() == "rlhf.stage" && tag.GetProperty("value").GetString() == "tiny");

        var batches = calls.Where(call => call.Path == Prefix + "runs/log-batch").Select(call => JsonDocument.Parse(call.Body).RootElement).ToArray();
        Assert.All(batches, batch => Assert.Equal("run-1", batch.GetProperty("run_id").GetString()));
        Assert.Equal(["rate=0.5", "seed=7"], batches.Where(batch => batch.TryGetProperty("params", out _)).SelectMany(batch => batch.GetProperty("params").EnumerateArray())
            .Select(one => $"{one.GetProperty("key").GetString()}={one.GetProperty("value").GetString()}").Order(StringComparer.Ordinal));
        var metrics = batches.Where(batch => batch.TryGetProperty("metrics", out _)).SelectMany(batch => batch.GetProperty("metrics").EnumerateArray()).ToArray();
        // What is no number is left out: JSON has no word for it.
        Assert.Equal([(1L, 2.5), (2L, 5), (3L, 7.5)], metrics.Select(one => (one.GetProperty("step").GetInt64(), one.GetProperty("value").GetDouble())));
        Assert.All(metrics, one => Assert.Equal("loss", one.GetProperty("key").GetString()));

        var end = Body(calls, "runs/update");
        Assert.Equal(("run-1", "FINISHED"), (end.GetProperty("run_id").GetString(), end.GetProperty("status").GetString()));
        Assert.True(end.GetProperty("end_time").GetInt64() >= made.GetProperty("start_time").GetInt64());
        Assert.Empty(_progress.Warnings);
    }

    [Fact]
    public void Run_ExperimentThatIsThere_IsNotMadeAgain()
    {
        using var server = new CallServer(Mlflow(hasExperiment: true));

        Train(server.Address, steps: 1, finish: true);

        Assert.DoesNotContain(server.Calls, call => call.Path.EndsWith("experiments/create", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_GoesOnFromACheckpoint_IsTheSameRunThere()
    {
        using var server = new CallServer(Mlflow());
        Train(server.Address, steps: 2, finish: false, saveEvery: 1);
        Assert.Equal("FAILED", Body([.. server.Calls], "runs/update").GetProperty("status").GetString());
        server.Calls.Clear();

        Train(server.Address, steps: 3, finish: true, saveEvery: 1);

        var calls = server.Calls.ToArray();
        Assert.Equal(("runs/update", "run-1", "RUNNING"), (calls[0].Path[Prefix.Length..], JsonDocument.Parse(calls[0].Body).RootElement.GetProperty("run_id").GetString(), JsonDocument.Parse(calls[0].Body).RootElement.GetProperty("status").GetString()));
        Assert.DoesNotContain(calls, call => call.Path == Prefix + "runs/create");
    }

    [Fact]
    public void Run_ThatIsStopped_IsKilledThere()
    {
        using var server = new CallServer(Mlflow());
        using var stop = new CancellationTokenSource();
        stop.Cancel();

        Assert.Throws<InterruptedException>(() => Train(server.Address, steps: 3, finish: true, stop: stop.Token));

        Assert.Equal("KILLED", Body([.. server.Calls], "runs/update").GetProperty("status").GetString());
    }

    [Fact]
    public void Run_Secrets_ComeFromTheEnvironmentAndAppearNowhereElse()
    {
        const string Secret = "token-of-mine";
        using var server = new CallServer(_ => (403, $$"""{"error_code": "PERMISSION_DENIED", "message": "not with {{Secret}}"}"""));

        Train(server.Address, steps: 2, finish: true, variable: name => name == "MLFLOW_TRACKING_TOKEN" ? Secret : null);

        Assert.Equal($"Bearer {Secret}", Assert.Single(server.Calls).Authorization);
        var warning = Assert.Single(_progress.Warnings);
        Assert.StartsWith($"MLflow at {server.Address}: 403 Forbidden: '", warning, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, warning, StringComparison.Ordinal);
        Assert.All(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories), file => Assert.DoesNotContain(Secret, File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public void Run_UserAndPassword_AreBasicAuthentication()
    {
        using var server = new CallServer(Mlflow());

        Train(server.Address, steps: 1, finish: true, variable: name => name switch { "MLFLOW_TRACKING_USERNAME" => "Aladdin", "MLFLOW_TRACKING_PASSWORD" => "open sesame", _ => null });

        // RFC 7617's own example.
        Assert.All(server.Calls, call => Assert.Equal("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", call.Authorization));
    }

    [Fact]
    public void Run_ServerThatFailsForAWhile_IsTriedAgain()
    {
        var failed = 0;
        var well = Mlflow();
        using var server = new CallServer(call => failed++ < 2 ? (503, "busy") : well(call));

        Train(server.Address, steps: 1, finish: true);

        Assert.Empty(_progress.Warnings);
        Assert.Equal("FINISHED", Body([.. server.Calls], "runs/update").GetProperty("status").GetString());
    }

    [Fact]
    public void Run_NobodyListens_TrainsOnWithOneWarning()
    {
        Uri gone;
        using (var server = new CallServer(_ => (200, "{}"))) gone = server.Address;
        var watch = Stopwatch.StartNew();

        Train(gone, steps: 200, finish: true);

        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 5);
        Assert.StartsWith($"MLflow at {gone}: ", Assert.Single(_progress.Warnings), StringComparison.Ordinal);
        Assert.EndsWith("(tried 3 times); the run goes on without it", _progress.Warnings[0], StringComparison.Ordinal);
        Assert.Equal(200, File.ReadAllLines(_folder.At("runs", "x", "metrics.jsonl")).Length);
        Assert.True(File.Exists(_folder.At("runs", "x", "final", "manifest.json")));
    }

    [Fact]
    public void Run_ServerThatNeverAnswers_IsLeftAtTheEnd()
    {
        using var server = new CallServer(_ =>
        {
            Thread.Sleep(10_000);
            return (200, "{}");
        });
        var watch = Stopwatch.StartNew();

        Train(server.Address, steps: 5, finish: true);

        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 8);
        Assert.Single(_progress.Warnings);
    }

    [Theory]
    [InlineData("<html>a proxy</html>", "what it answers is not JSON ('<html>a proxy</html>'); is that MLflow's address?")]
    [InlineData("{}", "its answer has no experiment.experiment_id; is that MLflow's address?")]
    public void Run_SomethingElseAnswers_IsNamed(string body, string expected)
    {
        using var server = new CallServer(_ => (200, body));

        Train(server.Address, steps: 1, finish: true);

        Assert.Equal($"MLflow at {server.Address}: {expected}; the run goes on without it", Assert.Single(_progress.Warnings));
    }

    [Fact]
    public void Run_TrackerThatThrows_IsWarnedOfOnceAndLeft()
    {
        using (var run = Run.Open(_folder.At("runs", "x"), new Tiny(), "tiny", new RunOptions { Progress = _progress, Trackers = [_ => throw new InvalidOperationException("no\nway"), _ => new Broken()] }))
        {
            run.Log(1, new Dictionary<string, double> { ["loss"] = 1 });
            run.Log(2, new Dictionary<string, double> { ["loss"] = 1 });
            run.Finish(2, folder => File.WriteAllText(Path.Combine(folder, "model"), "x"));
        }

        Assert.Equal(["a tracker failed (no way); the run goes on without it", "Broken failed (broken); the run goes on without it"], _progress.Warnings);
    }

    private static Func<CallServer.Call, (int, string)> Mlflow(bool hasExperiment = false)
    {
        var made = hasExperiment;
        return Answer;

        (int, string) Made()
        {
            made = true;
            return (200, """{"experiment_id": "7"}""");
        }

        (int, string) Answer(CallServer.Call call) => call.Path[Prefix.Length..].Split('?')[0] switch
        {
            "experiments/get-by-name" => made ? (200, """{"experiment": {"experiment_id": "7", "name": "my tests"}}""") : (404, """{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Could not find experiment"}"""),
            "experiments/create" => Made(),
            "runs/create" => (200, """{"run": {"info": {"run_id": "run-1", "status": "RUNNING"}, "data": {}}}"""),
            "runs/log-batch" or "runs/update" => (200, "{}"),
            _ => (404, """{"error_code": "ENDPOINT_NOT_FOUND"}"""),
        };
    }

    private void Train(Uri address, int steps, bool finish, long saveEvery = 0, Func<string, string?>? variable = null, CancellationToken stop = default)
    {
        var options = new MlflowOptions(address) { Experiment = "my tests", Tries = 3, FirstWait = TimeSpan.FromMilliseconds(20), Timeout = TimeSpan.FromSeconds(2), LastWait = TimeSpan.FromSeconds(3) };
        using var run = Run.Open(_folder.At("runs", "x"), new Tiny(), "tiny", new RunOptions
        {
            Progress = _progress, SaveEvery = saveEvery, Stop = stop, Trackers = [tracked => new MlflowTracker(options, tracked, variable ?? (_ => null))],
        });
        for (var step = run.StepsDone + 1; step <= steps; step++)
        {
            run.Log(step, new Dictionary<string, double> { ["loss"] = step * 2.5, ["bad"] = double.NaN });
            run.EndStep(step, folder => File.WriteAllText(Path.Combine(folder, "state"), "x"));
        }

        if (finish) run.Finish(steps, folder => File.WriteAllText(Path.Combine(folder, "model"), "x"));
    }

    private static JsonElement Body(CallServer.Call[] calls, string path) => JsonDocument.Parse(calls.Last(call => call.Path == Prefix + path).Body).RootElement;

    private sealed record Tiny
    {
        public int Seed { get; init; } = 7;

        public double Rate { get; init; } = 0.5;
    }

    private sealed class Broken : ITracker
    {
        public void Log(long step, IReadOnlyDictionary<string, double> metrics) => throw new InvalidOperationException("broken");

        public void End(RunEnding ending) => throw new InvalidOperationException("asked again");

        public void Dispose() => throw new InvalidOperationException("asked again");
    }
}
