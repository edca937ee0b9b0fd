using System.Globalization;
using Rlhf.Cli.Sweeps;
using Rlhf.Evaluation;
using Rlhf.Foundation;
using Rlhf.Tests.Evaluation;

namespace Rlhf.Cli.Tests.Sweeps;

public sealed class SweepReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Html_OfASweep_HasFrontierPointsAndTraining()
    {
        Sweep(_folder.Path);
        var html = SweepReport.Html(SweepResult.Read(_folder.Path));
        foreach (var part in new[] { "figure-frontier", "figure-overoptimisation", "figure-sweep-score", "beta=0.1_seed=1", "beta = 0.3", "Over-optimised" })
            Assert.Contains(part, html);
    }

    [Fact]
    public void Html_FailedAndUnfinishedPoints_AreToldAbout()
    {
        Sweep(_folder.Path);
        State("beta=0.1_seed=1", PointStatus.Failed, "ended with 137: <killed>");
        State("beta=0.3_seed=2", PointStatus.Stopped, null);
        var html = SweepReport.Html(SweepResult.Read(_folder.Path));
        Assert.Contains("ended with 137: &lt;killed&gt;", html);
        Assert.Contains("is not finished: run the sweep again", html);
        Assert.Contains("1 failed", html);
    }

    [Fact]
    public void Html_PointEvaluatedOnOtherPrompts_IsLeftOutAndToldAbout()
    {
        Sweep(_folder.Path);
        var path = _folder.At("beta=0.3_seed=1", "curve.json");
        CurveJson.Write(CurveJson.Read(path) with { Prompts = 7 }, path);
        var sweep = SweepResult.Read(_folder.Path);
        Assert.Equal(3 * 6, sweep.Curve!.Points.Count);
        Assert.Contains("evaluated on other prompts", SweepReport.Html(sweep));
    }

    [Fact]
    public void Html_NoCurves_SaysHowToGetThem()
    {
        State("seed=1", PointStatus.Done, null);
        var html = SweepReport.Html(SweepResult.Read(_folder.Path));
        Assert.Contains("1 of 1 points are done; none has a curve", html);
        Assert.Contains("<code>rlhf curve</code>", html);
    }

    [Fact]
    public void Read_MergesTheCurvesUnderTheNamesOfThePoints()
    {
        Sweep(_folder.Path);
        var sweep = SweepResult.Read(_folder.Path);
        Assert.Equal(4 * 6, sweep.Curve!.Points.Count);
        Assert.Equal(["beta=0.1_seed=1", "beta=0.1_seed=2", "beta=0.3_seed=1", "beta=0.3_seed=2"], sweep.Curve.Points.Select(point => point.Run).Distinct());
        Assert.Equal(["ppo.kl.beta", "seed"], sweep.Varying);
        var fit = Assert.Single(sweep.Curve.Fits, fit => fit.Form == FitForm.Policy);
        Assert.Equal(24, fit.Points);
        Assert.True(fit.PeakKl!.Contains(Math.E * Math.E), $"{fit.PeakKl}");
    }

    [Fact]
    public void Csv_HasARowPerPointWithItsSettings()
    {
        Sweep(_folder.Path);
        var lines = SweepReport.CsvText(SweepResult.Read(_folder.Path)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("point,ppo.kl.beta,seed,status,best_step,gold_gain,proxy_gain,kl,seconds", lines[0]);
        Assert.StartsWith("beta=0.1_seed=2,0.1,2,done,", lines[2]);
        Assert.Equal(5, lines.Length);
    }

    [Fact]
    public void Read_FolderWithoutPoints_SaysWhatWasExpected() =>
        Assert.Contains("no sweep here", Assert.Throws<RlhfException>(() => SweepResult.Read(_folder.Path)).Message);

    /// <summary>Two values of β with two seeds each.</summary>
    internal static void Sweep(string folder)
    {
        foreach (var (beta, drift) in new[] { ("0.1", 1.0), ("0.3", 0.6) })
            foreach (var seed in new[] { 1, 2 })
            {
                var name = $"beta={beta}_seed={seed}";
                var place = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
                new PointState { Name = name, Settings = new Dictionary<string, string> { ["ppo.kl.beta"] = beta, ["seed"] = $"{seed}" }, Status = PointStatus.Done, Seconds = 60 * seed }.Write(place);
                CurveJson.Write(SampleCurves.Of(SampleCurves.Policies("ppo", [.. new[] { 1.0, 3, 7, 14, 25, 40 }.Select(kl => kl * drift * (1 + 0.05 * seed))])), Path.Combine(place, "curve.json"));
                Directory.CreateDirectory(Path.Combine(place, "ppo"));
                File.WriteAllLines(Path.Combine(place, "ppo", "metrics.jsonl"), Enumerable.Range(1, 50).Select(step =>
                    string.Create(CultureInfo.InvariantCulture, $"{{\"step\":{step},\"episodes\":{64 * step},\"score\":{drift * Math.Log(1 + step) + 0.1 * Math.Sin(step * seed)},\"kl\":{drift * step / 2.0},\"entropy\":{2 - 0.01 * step * drift},\"response_length\":20}}")));
            }
    }

    private void State(string name, PointStatus status, string? error)
    {
        var place = Directory.CreateDirectory(_folder.At(name)).FullName;
        new PointState { Name = name, Settings = PointState.Read(place)?.Settings ?? new Dictionary<string, string> { ["seed"] = "1" }, Status = status, Stage = "ppo", Error = error }.Write(place);
    }
}
