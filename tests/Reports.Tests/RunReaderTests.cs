using Rlhf.Evaluation;
using Rlhf.Foundation;
using Rlhf.Tests.Evaluation;

namespace Rlhf.Reports.Tests;

public sealed class RunReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("run").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Read_Pipeline_HasItsStagesInOrderAndThePolicy()
    {
        FakeRun.Write(_folder);
        var run = RunReader.Read(_folder);
        Assert.Equal(["sft", "reward", "ppo"], run.Stages.Select(stage => stage.Name));
        Assert.Equal("ppo", run.Policy!.Name);
        Assert.Equal(160, run.Policy.Metrics.Steps.Count);
        Assert.Equal(48, run.Policy.Samples.Count);
        Assert.NotNull(run.Curve);
        Assert.NotNull(run.Trust);
        Assert.Empty(run.Notes);
    }

    [Fact]
    public void Read_OneStage_IsARunToo()
    {
        FakeRun.Write(_folder);
        var run = RunReader.Read(Path.Combine(_folder, "ppo"));
        Assert.Equal("ppo", Assert.Single(run.Stages).Name);
        Assert.Null(run.Curve);
    }

    [Fact]
    public void Read_HalfWrittenLastLine_IsLeftOutAndToldAbout()
    {
        Metrics("{\"step\":1,\"score\":0.5}", "{\"step\":2,\"score\":0.6}", "{\"step\":3,\"sco");
        var run = RunReader.Read(_folder);
        Assert.Equal([1, 2], run.Stages[0].Metrics.Steps);
        Assert.Contains(run.Notes, note => note.Contains("metrics.jsonl: the last line (3) is half-written"));
    }

    [Fact]
    public void Read_DamagedLinesInTheMiddle_AreCounted()
    {
        Metrics("{\"step\":1,\"score\":0.5}", "[1]", "rubbish", "{\"step\":2,\"score\":0.6}");
        var run = RunReader.Read(_folder);
        Assert.Equal([1, 2], run.Stages[0].Metrics.Steps);
        Assert.Contains(run.Notes, note => note.Contains("2 of 4 lines are not JSON objects") && note.Contains("line 2"));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"NaN\"")]
    public void Read_NaN_IsKeptAsAGapAndToldAbout(string written)
    {
        Metrics("{\"step\":1,\"kl\":0.5}", $"{{\"step\":2,\"kl\":{written}}}", "{\"step\":3,\"kl\":0.7}");
        var run = RunReader.Read(_folder);
        var kl = run.Stages[0].Metrics.Find("kl")!;
        Assert.Equal([0.5, double.NaN, 0.7], kl.Values);
        Assert.Contains(run.Notes, note => note.Contains("kl is not a number at 1 of 3 steps"));
    }

    [Fact]
    public void Read_MetricLoggedNowAndThen_IsNoGap()
    {
        Metrics("{\"step\":1,\"loss\":3}", "{\"step\":2,\"loss\":2,\"eval_loss\":2.5}", "{\"step\":3,\"loss\":1}", "{\"step\":4,\"eval_loss\":1.5}");
        var run = RunReader.Read(_folder);
        var metrics = run.Stages[0].Metrics;
        Assert.Equal([1, 3], metrics.Find("eval_loss")!.Rows);
        Assert.DoesNotContain(run.Notes, note => note.Contains("eval_loss"));
        Assert.Equal("step,loss,eval_loss\n1,3,\n2,2,2.5\n3,1,\n4,,1.5\n", metrics.ToCsv());
    }

    [Fact]
    public void Read_MissingAndDamagedFiles_BecomeNotes()
    {
        Metrics("{\"step\":1,\"score\":0.5}");
        File.WriteAllText(Path.Combine(_folder, "environment.json"), "{");
        File.WriteAllText(Path.Combine(_folder, "curve.json"), "{\"version\":");
        File.WriteAllText(Path.Combine(_folder, "trust.json"), "no");
        File.WriteAllText(Path.Combine(_folder, "samples.jsonl"), "{\"prompt\":\"half a pair \\ud800\"}\n{\"step\":1,\"prompt\":\"p\",\"response\":\"r\"}\n");
        var run = RunReader.Read(_folder);
        Assert.Null(run.Curve);
        Assert.Null(run.Trust);
        Assert.Equal("p", Assert.Single(run.Stages[0].Samples).Prompt);
        foreach (var part in new[] { "recipe.yaml is missing", "environment.json is damaged", "curve.json: not a curve", "trust.json: not a reward report", "samples.jsonl: 1 of 2 lines" })
            Assert.Contains(run.Notes, note => note.Contains(part));
    }

    [Fact]
    public void Read_EmptyFolder_IsARunOfWhichNothingIsKnown()
    {
        var run = RunReader.Read(_folder);
        Assert.Empty(run.Stages);
        Assert.Contains(run.Notes, note => note.Contains("no training is recorded"));
    }

    [Fact]
    public void Read_NoFolder_SaysWhatToGive() =>
        Assert.Contains("no such run directory", Assert.Throws<RlhfException>(() => RunReader.Read(Path.Combine(_folder, "nothing"))).Message);

    [Fact]
    public void Read_CurveOfAStage_IsFoundInItsFolder()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "curve"));
        CurveJson.Write(SampleCurves.Of(), Path.Combine(_folder, "curve", "curve.json"));
        Assert.NotNull(RunReader.Read(_folder).Curve);
    }

    [Fact]
    public void Read_SamplesBesideTheCurve_ComeBeforeThoseOfTraining()
    {
        FakeRun.Write(_folder);
        Assert.Equal(48, RunReader.Read(_folder).Samples.Count);
        var sample = new EvaluatedSample { Step = 9, Prompt = "p", Response = "r", ReferenceResponse = "q", Score = 1, ReferenceScore = 0, Kl = 2, Tokens = ["r"], TokenKl = [2] };
        File.WriteAllText(Path.Combine(_folder, "samples.jsonl"), System.Text.Json.JsonSerializer.Serialize(sample, Rlhf.Foundation.Files.JsonText.Lines) + "\n");
        var read = Assert.Single(RunReader.Read(_folder).Samples);
        Assert.Equal(("p", "r", "q", 9.0, 2.0), (read.Prompt, read.Response, read.ReferenceResponse, read.Step, read.Kl));
        Assert.Equal([2.0], read.TokenKl);
    }

    private void Metrics(params string[] lines) => File.WriteAllText(Path.Combine(_folder, "metrics.jsonl"), string.Join('\n', lines));
}
