using Rlhf.Evaluation;
using Rlhf.Foundation;

namespace Rlhf.Tests.Evaluation;

public sealed class CurveTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("curve").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Summarize_TwoPromptsByHand_GivesTheNumbers()
    {
        EvaluatedEpisode[] reference =
        [
            Episode(0, 0, proxy: 0, gold: 10, kl: 0, [1, 2]), Episode(0, 1, proxy: 2, gold: 14, kl: 0, [1, 3]),
            Episode(1, 0, proxy: 0, gold: 10, kl: 0, [4]), Episode(1, 1, proxy: 2, gold: 14, kl: 0, [5]),
        ];
        EvaluatedEpisode[] policy = [Episode(0, 0, proxy: 4, gold: 12, kl: 3, [1, 1, 1, 1]), Episode(1, 0, proxy: 2, gold: 16, kl: 5, [2, 3]) with { Ended = false }];
        var point = CurvePoints.Summarize(new EvaluatedPolicy("r", "ppo", 10, 640, "c", new EvaluatedPrompts(policy)), new EvaluatedPrompts(reference), SampleCurves.Options);

        Assert.Equal(4, point.Kl.Exact.Value);
        Assert.Equal(8.0 / 6, point.KlPerToken, 12);
        Assert.Equal(3, point.Proxy.Value);
        Assert.Equal(14, point.Gold!.Value);
        Assert.Equal(2, point.ProxyGain.Value);          // (3 − 1) over a deviation of 1
        Assert.Equal(1, point.GoldGain!.Value);          // (14 − 12) over a deviation of 2
        Assert.Equal(0.875, point.ProxyWinRate.Value);   // prompt 0 wins both, prompt 1 wins one and ties one
        Assert.Equal(0.75, point.GoldWinRate!.Value);    // prompt 0 one of two, prompt 1 both
        Assert.Equal(3, point.Length.Value);
        Assert.Equal(0.5, point.EosRate);
        Assert.Equal(0.5, point.Distinct1);              // 1, 2, 3 of six tokens
        Assert.Equal(0.5, point.Repetition);             // 111, 111: one of two seen before; the other is too short
    }

    [Fact]
    public void Summarize_MoreSamples_DoNotMakeAPolicyLookLessDiverse()
    {
        EvaluatedEpisode[] once = [Episode(0, 0, 0, 0, 0, [1, 2]), Episode(1, 0, 0, 0, 0, [3, 4])];
        EvaluatedEpisode[] twice = [.. once, Episode(0, 1, 0, 0, 0, [1, 2]), Episode(1, 1, 0, 0, 0, [3, 4])];
        Assert.Equal(1, CurvePoints.Reference(new EvaluatedPrompts(twice), SampleCurves.Options).Distinct1);
        Assert.Equal(1, CurvePoints.Reference(new EvaluatedPrompts(once), SampleCurves.Options).Distinct1);
    }

    [Fact]
    public void Summarize_OtherPrompts_IsRefused()
    {
        var reference = new EvaluatedPrompts([Episode(0, 0, 0, 0, 0, [1])]);
        var policy = new EvaluatedPolicy("r", "ppo", 1, 1, "c", new EvaluatedPrompts([Episode(1, 0, 0, 0, 0, [1])]));
        Assert.Contains("not the same ones", Assert.Throws<ArgumentException>(() => CurvePoints.Summarize(policy, reference, SampleCurves.Options)).Message);
    }

    [Fact]
    public void Sample_OfAPolicy_StandsBesideTheReferenceOnTheSamePrompt()
    {
        var ours = Episode(3, 0, proxy: 2, gold: 12, kl: 4, [1, 2]) with { PromptText = "Why?", Response = "Because.", TokenTexts = ["Be", "cause."], TokenKl = [3.5, 0.5] };
        var theirs = Episode(3, 0, proxy: 1, gold: 11, kl: 0, [1]) with { PromptText = "Why?", Response = "So." };
        var sample = Assert.Single(EvaluatedSample.Of(new EvaluatedPolicy("r", "ppo", 40, 640, "c", new EvaluatedPrompts([ours])), new EvaluatedPrompts([theirs]), 8));
        Assert.Equal(("Why?", "Because.", "So.", 40), (sample.Prompt, sample.Response, sample.ReferenceResponse, sample.Step));
        Assert.Equal((2.0, 1.0, 12.0, 11.0, 4.0), (sample.Score, sample.ReferenceScore, sample.Gold, sample.ReferenceGold, sample.Kl));
        Assert.Equal([3.5, 0.5], sample.TokenKl);
    }

    [Fact]
    public void Reference_AgainstItself_HasNoGainNoKlAndWinsHalf()
    {
        var curve = SampleCurves.Of();
        Assert.Equal(0, curve.Reference.Kl.Best.Value);
        Assert.Equal(new Estimate(0, 0, 0), curve.Reference.GoldGain);
        Assert.Equal(0.5, curve.Reference.GoldWinRate!.Value, 12);
    }

    [Fact]
    public void BestOfN_FirstIsTheReference_AndTheProxyRisesWithN()
    {
        var points = SampleCurves.Of().BestOfN;
        Assert.Equal(8, points.Count);
        Assert.Equal(0, points[0].ProxyGain.Value, 12);
        Assert.Equal(0, points[0].GoldGain!.Value, 12);
        Assert.All(points.Zip(points.Skip(1)), pair => Assert.True(pair.Second.Proxy.Value > pair.First.Proxy.Value));
        // the expected maximum of 8 normal draws is 1.4236 deviations; gold follows with correlation 0.8
        Assert.InRange(points[7].ProxyGain.Value, 1.25, 1.6);
        Assert.InRange(points[7].GoldGain!.Value, 0.8 * 1.1, 0.8 * 1.75);
    }

    [Fact]
    public void Build_OveroptimisedRun_FitsThePlantedPeak()
    {
        var fit = Assert.Single(SampleCurves.Overoptimised().Fits, fit => fit.Form == FitForm.Policy);
        Assert.Equal("ppo", fit.Source);
        Assert.True(fit.PeakKl!.Contains(Math.E * Math.E), $"{fit.PeakKl}");
    }

    [Fact]
    public void Build_ThreeCheckpoints_AreTooFewForAFit() =>
        Assert.DoesNotContain(SampleCurves.Of(SampleCurves.Policies("demo", [1, 4, 9])).Fits, fit => fit.Form == FitForm.Policy);

    [Fact]
    public void Json_WrittenAndRead_IsTheSame()
    {
        var curve = SampleCurves.Overoptimised();
        var path = Path.Combine(_folder, "curve.json");
        CurveJson.Write(curve, path);
        var text = File.ReadAllText(path);
        Assert.Equal(text, CurveJson.Text(CurveJson.Read(path)));
        Assert.Contains("\"kl_per_token\"", text);
        Assert.Contains("\"form\": \"policy\"", text);
    }

    [Fact]
    public void Json_NaN_IsNullAndReadBackAsNaN()
    {
        var curve = SampleCurves.Of(SampleCurves.Policies("demo", [4]));
        var path = Path.Combine(_folder, "curve.json");
        CurveJson.Write(curve with { Points = [curve.Points[0] with { Entropy = double.NaN }] }, path);
        Assert.Contains("\"entropy\": null", File.ReadAllText(path));
        Assert.True(double.IsNaN(CurveJson.Read(path).Points[0].Entropy));
    }

    [Theory]
    [InlineData("{\"points\": 3}")]
    [InlineData("")]
    [InlineData("{\"version\": 1")]
    public void Json_Damaged_NamesTheFileAndTheRemedy(string text)
    {
        var path = Path.Combine(_folder, "curve.json");
        File.WriteAllText(path, text);
        var error = Assert.Throws<RlhfException>(() => CurveJson.Read(path));
        Assert.StartsWith(path, error.Message);
        Assert.Contains("rlhf curve", error.Message);
    }

    [Fact]
    public void Json_NewerVersion_IsRefused()
    {
        var path = Path.Combine(_folder, "curve.json");
        CurveJson.Write(SampleCurves.Of() with { Version = 2 }, path);
        Assert.Contains("version 2", Assert.Throws<RlhfException>(() => CurveJson.Read(path)).Message);
    }

    [Fact]
    public void Csv_HasARowPerPolicy_AndReadsBack()
    {
        var curve = SampleCurves.Overoptimised();
        var path = Path.Combine(_folder, "curve.csv");
        CurveCsv.Write(curve, path);
        var table = CurveCsv.Read(path);
        Assert.Equal(1 + 8 + 8, table.Rows.Count);
        var kl = table.NumberColumns.ToList().IndexOf("kl_exact");
        Assert.Equal(curve.Points[2].Kl.Exact.Value, table.Rows[3].Numbers[kl]);
        Assert.Equal(["reference", "best_of_n", ""], table.Rows[^1].Texts);
        Assert.Equal(8, table.Rows[^1].Numbers[table.NumberColumns.ToList().IndexOf("n")]);
        Assert.True(double.IsNaN(table.Rows[^1].Numbers[table.NumberColumns.ToList().IndexOf("entropy")]));
    }

    [Fact]
    public void Parquet_HoldsTheSameTable()
    {
        var curve = SampleCurves.Overoptimised();
        var path = Path.Combine(_folder, "curve.parquet");
        CurveParquet.Write(curve, path);
        CurveTable expected = CurveTable.Of(curve), read = CurveParquet.Read(path);
        Assert.Equal(expected.NumberColumns, read.NumberColumns);
        Assert.Equal(expected.Rows.Count, read.Rows.Count);
        Assert.All(expected.Rows.Zip(read.Rows), rows =>
        {
            Assert.Equal(rows.First.Texts, rows.Second.Texts);
            Assert.Equal(rows.First.Numbers, rows.Second.Numbers);
        });
    }

    [Fact]
    public void Csv_FieldThatIsNoNumber_NamesRecordAndColumn()
    {
        var path = Path.Combine(_folder, "curve.csv");
        File.WriteAllText(path, "run,algorithm,checkpoint,step,kl_k1\ndemo,ppo,c,20,often\n");
        var error = Assert.Throws<RlhfException>(() => CurveCsv.Read(path));
        Assert.Contains("record 2, column kl_k1: found `often`", error.Message);
    }

    private static EvaluatedEpisode Episode(int prompt, int sample, double proxy, double gold, double kl, int[] tokens) => new()
    {
        Prompt = prompt, Sample = sample, Proxy = proxy, Gold = gold, K1 = kl, K3 = kl, ExactKl = kl, Tokens = tokens, Ended = true, Entropy = 1,
    };
}
