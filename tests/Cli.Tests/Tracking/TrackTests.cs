using System.Text;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Cli.Tracking;
using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Tests.Tracking;

/// <summary>`track:` of a recipe: what reaches a collector and an MLflow server, and that a dead one stops nothing.</summary>
public sealed class TrackTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Otlp_Gauges_ReachTheCollectorAsProtobuf()
    {
        using var collector = new CallServer(_ => (200, ""));
        var warnings = new List<string>();

        using (var tracker = new OtlpTracker(collector.Address, TimeSpan.FromMinutes(1), Tracked(warnings)))
        {
            tracker.Log(41, new Dictionary<string, double> { ["kl"] = 0.3 });
            tracker.Log(42, new Dictionary<string, double> { ["kl"] = 0.625 });
            tracker.End(RunEnding.Finished);
        }

        Assert.Empty(warnings);
        var call = collector.Calls.First();
        Assert.Equal(("POST", "/v1/metrics"), (call.Method, call.Path));
        // Names as text, the last value as the eight bytes of a double (field 4 of a NumberDataPoint: as_double).
        foreach (var part in new[] { "rlhf.kl", "rlhf.step", "rlhf.ended", "track-test/ppo", "service.name" }) Assert.Contains(part, call.Body, StringComparison.Ordinal);
        Assert.Contains("\u0021" + Encoding.Latin1.GetString(BitConverter.GetBytes(0.625)), call.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("\u0021" + Encoding.Latin1.GetString(BitConverter.GetBytes(0.3)), call.Body, StringComparison.Ordinal);
    }

    [Fact]
    public void Otlp_NobodyListens_IsOneWarning()
    {
        Uri gone;
        using (var collector = new CallServer(_ => (200, ""))) gone = collector.Address;
        var warnings = new List<string>();

        using (var tracker = new OtlpTracker(gone, TimeSpan.FromMinutes(1), Tracked(warnings)))
        {
            tracker.Log(1, new Dictionary<string, double> { ["kl"] = 1 });
            tracker.End(RunEnding.Finished);
        }

        Assert.StartsWith($"OpenTelemetry at {gone}: ", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Tokenizer_WithDeadServers_TrainsAllTheSame()
    {
        Uri gone;
        using (var server = new CallServer(_ => (200, ""))) gone = server.Address;
        File.WriteAllText(_folder.At("texts.jsonl"), "{\"text\": \"Once upon a time\"}\n");

        var ending = InProcess.Run("tokenizer", "train", $"out={_folder.At("run")}", $"tokenizer.data=[{_folder.At("texts.jsonl")}]", "tokenizer.vocabulary_size=260", $"track.mlflow={gone}", $"track.otlp={gone}");

        Assert.True(ending.Code == 0, ending.Error);
        Assert.Contains($"warning: MLflow at {gone}: ", ending.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder.At("run", "tokenizer", "final", "manifest.json")));
    }

    [Theory]
    [InlineData("track.mlflow=localhost:5000", "track.mlflow: found localhost:5000; expected an address as in http://127.0.0.1:5000")]
    [InlineData("track.mlflow=http://me:secret@host", "track.mlflow: found a name or password in it, which recipes would keep; the environment is the place for those; expected an address as in")]
    [InlineData("track.otlp=nowhere", "track.otlp: found nowhere; expected an address as in http://127.0.0.1:4318")]
    public void Track_WhatIsNoAddress_IsRefusedWithTheRecipe(string key, string expected)
    {
        var ending = InProcess.Run("sft", "sft.data=x", key);

        Assert.Equal(2, ending.Code);
        Assert.Contains(expected, ending.Error, StringComparison.Ordinal);
    }

    private static TrackedRun Tracked(List<string> warnings) => new("track-test/ppo", "ppo", "x", new Dictionary<string, string>(), 0, warnings.Add);
}
