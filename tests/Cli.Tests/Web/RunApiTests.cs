using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Cli.Web.Watching;
using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Tests.Web;

public sealed class RunApiTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task List_RunsOfAllKinds_AreFoundWithTheirStateAndLastNumbers()
    {
        Write("demo/ppo", Line(1), Line(2));
        Write("demo/sft", "{\"step\":7,\"loss\":0.5,\"epoch\":0.25}");
        Directory.CreateDirectory(_folder.At("demo", "sft", "final"));
        File.WriteAllText(_folder.At("demo", "sft", "final", "manifest.json"), "{}");
        await using var server = await Start();

        var runs = (await server.Get("/api/runs")).AsArray();

        Assert.Equal(["demo/ppo", "demo/sft"], runs.Select(run => (string)run!["id"]!).Order());
        var ppo = runs.Single(run => (string)run!["id"]! == "demo/ppo")!;
        Assert.Equal(("stopped", 2, 0.2), ((string)ppo["status"]!, (int)ppo["step"]!, (double)ppo["last"]!["kl"]!));
        Assert.Equal("finished", (string)runs.Single(run => (string)run!["id"]! == "demo/sft")!["status"]!);
    }

    [Fact]
    public async Task Events_LinesThatCome_AreSentOnceAndWithinASecond_AndAfterARunWentBackFromTheBeginning()
    {
        Write("ppo", Line(1), Line(2));
        await using var server = await Start();
        var loaded = await server.Get("/api/runs/metrics?run=ppo&names=kl,nothing");
        Assert.Equal([1.0, 2], loaded["steps"]!.AsArray().Select(step => (double)step!));
        Assert.Equal([0.1, 0.2], loaded["series"]!["kl"]!.AsArray().Select(kl => Math.Round((double)kl!, 6)));
        using var stream = new StreamReader(await server.Client.GetStreamAsync($"/api/runs/events?run=ppo&from=2&generation={loaded["generation"]}&names=kl"));

        // Half a line is not a line.
        File.AppendAllText(_folder.At("ppo", "metrics.jsonl"), Line(3)[..10]);
        await Task.Delay(600);
        var watch = Stopwatch.StartNew();
        File.AppendAllText(_folder.At("ppo", "metrics.jsonl"), Line(3)[10..] + "\n" + Line(4) + "\n");
        var (name, data) = await Event(stream);

        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 1);
        Assert.Equal(("rows", 2), (name, (int)data["from"]!));
        Assert.Equal([3.0, 4], data["steps"]!.AsArray().Select(step => (double)step!));
        File.WriteAllText(_folder.At("ppo", "metrics.jsonl"), $"{Line(1)}\n{Line(2, 9)}\n{Line(3)}\n{Line(4)}\n{Line(5)}\n");
        Assert.Equal("reset", (await Event(stream)).Name);
        var again = await server.Get("/api/runs/metrics?run=ppo&names=kl");
        Assert.Equal([1.0, 2, 3, 4, 5], again["steps"]!.AsArray().Select(step => (double)step!));
        Assert.Equal(9, (double)again["series"]!["kl"]![1]!);
    }

    [Fact]
    public async Task Words_StepsWhoseKlIsNegative_SayWhen()
    {
        Write("ppo", [.. Enumerable.Range(1, 30).Select(step => Line(step, step > 20 ? -2 : 0.5))]);
        await using var server = await Start();

        var words = await server.Get("/api/runs/words?run=ppo");

        Assert.StartsWith("In training the score", (string?)words["headline"], StringComparison.Ordinal);
        var advice = Assert.Single(words["advice"]!.AsArray())!;
        Assert.Equal(21, (int)advice["step"]!);
        Assert.StartsWith("kl is negative", (string)advice["text"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Samples_OfALongFile_AreTheLastStepsAlone()
    {
        Write("ppo", Line(1));
        var response = new string('x', 2000);
        File.WriteAllLines(_folder.At("ppo", "samples.jsonl"), Enumerable.Range(0, 1000).Select(i => $"{{\"step\":{i / 5},\"prompt\":\"<b>{i}</b>\",\"response\":\"{response}\"}}"));
        await using var server = await Start();

        var samples = (await server.Get("/api/runs/samples?run=ppo")).AsArray();

        Assert.Equal(["<b>995</b>", "<b>996</b>", "<b>997</b>", "<b>998</b>", "<b>999</b>"], samples.Select(sample => (string)sample!["prompt"]!));
    }

    [Fact]
    public async Task Metrics_LinesThatAreNone_AreNullAndDamagedOnesLeftOut()
    {
        Write("ppo", "{\"step\":1,\"kl\":0.5}", "{broken", "{\"step\":2,\"kl\":null}", "{\"step\":3,\"loss\":1}");
        await using var server = await Start();

        var found = await server.Get("/api/runs/metrics?run=ppo&names=kl,loss");

        Assert.Equal("{\"kl\":[0.5,null,null],\"loss\":[null,null,1]}", found["series"]!.ToJsonString());
    }

    [Fact]
    [Trait("Speed", "slow")]
    public async Task Streams_TwoHundredOverTwentyRunsOfFiveThousandSteps_TakeBoundedMemoryAndSeeAPointWithinASecond()
    {
        var line = string.Join(',', Enumerable.Range(0, 60).Select(i => $"\"metric_{i}\":{i}.12345"));
        for (var run = 0; run < 20; run++) Write($"r{run}/ppo", [.. Enumerable.Range(1, 5000).Select(step => $"{{\"step\":{step},\"kl\":{step}.5,{line}}}")]);
        using var program = new ProgramProcess(_folder.Path, "serve", _folder.Path, "port=0");
        var address = new Uri(await program.FirstLine());
        using var client = new HttpClient { BaseAddress = address };
        var streams = new List<StreamReader>();
        for (var i = 0; i < 200; i++) streams.Add(new StreamReader(await client.GetStreamAsync($"/api/runs/events?run=r{i % 20}/ppo&from=5000&generation=0&names=kl")));
        await Task.Delay(3000);

        var watch = Stopwatch.StartNew();
        for (var run = 0; run < 20; run++) File.AppendAllText(_folder.At($"r{run}", "ppo", "metrics.jsonl"), $"{{\"step\":5001,\"kl\":1}}\n");
        var events = await Task.WhenAll(streams.Select(Event));
        var seconds = watch.Elapsed.TotalSeconds;

        Assert.All(events, one => Assert.Equal(("rows", 5000), (one.Name, (int)one.Data["from"]!)));
        var memory = program.Memory / 1e6;
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{memory:0} MB, {seconds:0.00} s"));
        Assert.InRange(memory, 0, 400);
        Assert.InRange(seconds, 0, 1);
        streams.ForEach(stream => stream.Dispose());
    }

    [Fact]
    public async Task Stop_RunThatNobodyWrites_IsRefused()
    {
        Write("ppo", Line(1));
        await using var server = await Start();
        var (status, body) = await server.Send(HttpMethod.Post, "/api/runs/stop", "{\"run\":\"ppo\"}");
        Assert.Equal(409, (int)status);
        Assert.Contains("ppo is not running", body, StringComparison.Ordinal);
    }

    [Fact]
    public void HolderOf_RunOfThisProcess_IsThisProcessUntilItEnds()
    {
        using (RunLock.Take(_folder.Path)) Assert.Equal(Environment.ProcessId, RunLock.HolderOf(_folder.Path)?.Process);
        Assert.Null(RunLock.HolderOf(_folder.Path));
    }

    private static string Line(int step, double? kl = null) => string.Create(CultureInfo.InvariantCulture,
        $"{{\"step\":{step},\"score\":{step},\"raw_score\":{step},\"raw_score_std\":1,\"kl\":{kl ?? step / 10.0},\"entropy\":2,\"ratio_mean\":1,\"ratio_max\":1,\"skipped_minibatches\":0,\"eos_rate\":1,\"repetition\":0}}");

    private void Write(string run, params string[] lines)
    {
        Directory.CreateDirectory(_folder.At(run));
        File.WriteAllText(_folder.At(run, "metrics.jsonl"), string.Concat(lines.Select(line => line + "\n")));
    }

    private Task<RunningServer> Start() => RunningServer.Start(new RunApi(new RunCatalogue([_folder.Path], TimeProvider.System), TimeProvider.System).Map);

    private static async Task<(string Name, JsonNode Data)> Event(StreamReader stream)
    {
        var name = "";
        while (await stream.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal)) name = line[7..];
            if (line.StartsWith("data: ", StringComparison.Ordinal)) return (name, JsonNode.Parse(line[6..])!);
        }

        throw new EndOfStreamException();
    }
}
