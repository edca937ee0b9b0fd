using System.Diagnostics.Metrics;
using Rlhf.Foundation.Runs;
using Rlhf.Foundation.Tracking;

namespace Rlhf.Foundation.Tests.Tracking;

public sealed class MeterTests
{
    [Fact]
    public void Log_Metrics_AreGaugesWithRunAndStage()
    {
        var seen = new List<string>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, all) => { if (instrument.Meter.Name == MeterTracker.MeterName) all.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            if (tags[0].Value is "meter-test/ppo") seen.Add($"{instrument.Name} {value} {tags[0].Key}={tags[0].Value} {tags[1].Key}={tags[1].Value}");
        });
        listener.Start();

        using (var tracker = new MeterTracker(new TrackedRun("meter-test/ppo", "ppo", "x", new Dictionary<string, string>(), 0, _ => { })))
        {
            tracker.Log(3, new Dictionary<string, double> { ["kl"] = 0.5, ["bad"] = double.NaN });
            tracker.End(RunEnding.Stopped);
        }

        const string Tags = "run=meter-test/ppo stage=ppo";
        Assert.Equal([$"rlhf.step 3 {Tags}", $"rlhf.kl 0.5 {Tags}", $"rlhf.ended 1 {Tags}"], seen);
    }
}
