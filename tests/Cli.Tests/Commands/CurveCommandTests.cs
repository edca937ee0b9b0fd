using System.Text.Json;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Evaluation;
using Rlhf.Policies.Checkpoints;
using Rlhf.Tests.Ppo;

namespace Rlhf.Cli.Tests.Commands;

/// <summary>`rlhf curve` on a run that `rlhf ppo` trained, with a rule on length as the proxy and one on repetition as gold.</summary>
public sealed class CurveCommandTests : IDisposable
{
    private readonly TinyWorld _world = new();

    public CurveCommandTests()
    {
        using (var model = _world.Model()) ModelFolder.Save(model, _world.Folder("model"), new SaveOptions { TokenizerFrom = _world.TokenizerFolder });
        File.WriteAllLines(_world.Folder("prompts.jsonl"), _world.Prompts.Select(prompt => JsonSerializer.Serialize(new { prompt = prompt.Text })));
        File.WriteAllText(_world.Folder("recipe.yaml"), $$$"""
            out: {{{Pipeline}}}
            save_every: 1
            keep_last: 9
            gold: {repetition: {size: 1}}
            ppo:
              model: {{{_world.Folder("model")}}}
              prompts: {{{_world.Folder("prompts.jsonl")}}}
              score: {length: {least: 0, most: 3, slack: 4, unit: tokens}}
              steps: 3
              episodes: 8
              critic: {kind: value_head}
              optimizer: {learning_rate: 0.02}
              sampling: {max_new_tokens: 6}
            curve: {samples: 2, best_of: 4}
            """);
        var trained = InProcess.Run("ppo", _world.Folder("recipe.yaml"));
        Assert.True(trained.Code == 0, trained.Error);
    }

    private string Pipeline => _world.Folder("demo");

    private string CurveFile => Path.Combine(Pipeline, "curve", "curve.json");

    private string[] CacheFiles => [.. Directory.GetFiles(Path.Combine(Pipeline, "curve", "cache")).Order(StringComparer.Ordinal)];

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Curve_OfARecipe_MeasuresEveryCheckpointAndBestOfN()
    {
        var ending = Run(_world.Folder("recipe.yaml"), "--json");

        var curve = CurveJson.Read(CurveFile);
        Assert.Equal([1, 2, 3], curve.Points.Select(point => point.Step));
        Assert.All(curve.Points, point => Assert.Equal(("demo", "ppo", 8L * point.Step), (point.Run, point.Algorithm, point.Episodes)));
        Assert.Equal((6, 4, 0.0), (curve.Prompts, curve.SamplesPerPrompt, curve.Reference.Kl.Exact.Value));
        Assert.Equal([1, 2, 3, 4], curve.BestOfN.Select(point => point.N));
        Assert.Equal(("length", "repetition"), (curve.ProxyName, curve.GoldName));
        Assert.All(curve.Points, point => Assert.True(point.Kl.Exact.Value > 0 && point.GoldGain is not null));
        var printed = JsonDocument.Parse(ending.Output).RootElement;
        Assert.Equal(curve.Points[2].Proxy.Value, printed.GetProperty("curve").GetProperty("points")[2].GetProperty("proxy").GetProperty("value").GetDouble());
        Assert.Equal(Judge.Of(curve).Headline, printed.GetProperty("verdict").GetProperty("headline").GetString());
        Assert.Equal(1 + 3 + 4, CurveParquet.Read(Path.Combine(Pipeline, "curve", "curve.parquet")).Rows.Count);
        Assert.Equal(1 + 3 + 4, CurveCsv.Read(Path.Combine(Pipeline, "curve", "curve.csv")).Rows.Count);
        Assert.Equal(3 * 6, File.ReadAllLines(Path.Combine(Pipeline, "curve", "samples.jsonl")).Length);
    }

    [Fact]
    public void Curve_AskedAgain_ComputesNothing()
    {
        Run(_world.Folder("recipe.yaml"));
        var before = File.ReadAllBytes(CurveFile);
        // Whoever loaded a policy now would fail.
        foreach (var weights in Directory.GetFiles(Path.Combine(Pipeline, "ppo"), "model.safetensors", SearchOption.AllDirectories)) File.Delete(weights);

        var again = Run(_world.Folder("recipe.yaml"));

        Assert.Equal(before, File.ReadAllBytes(CurveFile));
        Assert.DoesNotContain("to do", again.Error);
    }

    [Fact]
    public void Curve_MoreSamples_KeepsWhatItHas()
    {
        Run(_world.Folder("recipe.yaml"));
        var before = CacheFiles.ToDictionary(file => file, File.ReadAllText);

        Run(_world.Folder("recipe.yaml"), "curve.samples=3");

        Assert.Equal(before.Keys, CacheFiles);
        Assert.All(CacheFiles, file => Assert.StartsWith(before[file], File.ReadAllText(file)));
        Assert.Equal(3, CacheFiles.Count(file => File.ReadAllText(file).Length > before[file].Length));   // the checkpoints; the reference had 4 samples
    }

    [Fact]
    public void Curve_KilledWhileWriting_GoesOnToTheSameBytes()
    {
        Run(_world.Folder("recipe.yaml"));
        var (curve, samples) = (File.ReadAllBytes(CurveFile), File.ReadAllBytes(Path.Combine(Pipeline, "curve", "samples.jsonl")));
        foreach (var file in CacheFiles)
        {
            using var stream = File.OpenWrite(file);
            stream.SetLength(stream.Length * 2 / 3);
        }

        Run(_world.Folder("recipe.yaml"));

        Assert.Equal(curve, File.ReadAllBytes(CurveFile));
        Assert.Equal(samples, File.ReadAllBytes(Path.Combine(Pipeline, "curve", "samples.jsonl")));
    }

    [Theory]
    [InlineData("curve.seed=2")]
    [InlineData("curve.sampling.max_new_tokens=4")]
    [InlineData("gold.repetition.size=2")]
    [InlineData("curve.proxy.repetition.weight=1")]
    public void Curve_AnotherQuestion_IsNotAnsweredFromTheCache(string change)
    {
        Run(_world.Folder("recipe.yaml"));
        Run(_world.Folder("recipe.yaml"), change);
        Assert.Equal(8, CacheFiles.Length);
    }

    [Fact]
    public void Curve_OfFoldersAlone_TakesWhatTheRunsRecorded()
    {
        Run(_world.Folder("recipe.yaml"));
        var expected = CurveJson.Read(CurveFile);

        Run(Path.Combine(Pipeline, "ppo"), Pipeline, $"out={_world.Folder("compared")}", "curve.samples=2", "curve.best_of=4");

        var found = CurveJson.Read(Path.Combine(_world.Folder("compared"), "curve", "curve.json"));
        Assert.Equal(expected.Points.Select(point => (point.Run, point.Step, point.Kl.K1.Value, point.Proxy.Value, point.Gold!.Value)), found.Points.Select(point => (point.Run, point.Step, point.Kl.K1.Value, point.Proxy.Value, point.Gold!.Value)));
    }

    [Fact]
    public void Curve_DamagedCheckpoint_NamesTheFile()
    {
        var weights = Path.Combine(Pipeline, "ppo", "checkpoints", "step-000002", "policy", "model.safetensors");
        File.WriteAllBytes(weights, new byte[new FileInfo(weights).Length]);

        var ending = InProcess.Run("curve", _world.Folder("recipe.yaml"));

        Assert.Equal(1, ending.Code);
        Assert.Contains("demo step 2: ", ending.Error);
        Assert.Contains("model.safetensors differs from its checksum", ending.Error);
    }

    [Theory]
    [InlineData("nowhere: no such run directory", "nowhere")]
    [InlineData("holds no run of ppo or dpo", "")]
    public void Curve_OfWhatIsNoRun_SaysWhatIsExpected(string expected, string name)
    {
        var ending = InProcess.Run("curve", name.Length > 0 ? _world.Folder(name) : _world.Folder("model"));
        Assert.Equal(1, ending.Code);
        Assert.Contains(expected, ending.Error);
    }

    [Theory]
    [InlineData("dpo")]
    [InlineData("dpo", "dpo.lora.rank=2")]
    [InlineData("sft")]
    [InlineData("sft", "sft.lora.rank=2")]
    public void Curve_OfAnotherKindOfRun_TakesACheckpointForTheModelItBecame(string stage, params string[] keys)
    {
        File.WriteAllLines(_world.Folder("rows.jsonl"), Enumerable.Range(0, 4).Select(i => $$"""{"prompt": "p{{i}}", "chosen": "ab{{i}}", "rejected": "zz{{i}}", "completion": "cd{{i}}"}"""));
        string[] common = [$"out={_world.Folder("other")}", "save_every=1", $"{stage}.model={_world.Folder("model")}", $"{stage}.data={_world.Folder("rows.jsonl")}", $"{stage}.eval_share=0", $"{stage}.batch_size=2", $"{stage}.optimizer.learning_rate=0.02", $"{stage}.optimizer.warmup_steps=0"];
        var trained = InProcess.Run([stage, .. common, .. keys]);
        Assert.True(trained.Code == 0, trained.Error);
        var run = Path.Combine(_world.Folder("other"), stage);
        string[] asked = [run, $"curve.prompts={_world.Folder("prompts.jsonl")}", "curve.proxy.repetition.size=1", "curve.samples=4", "curve.best_of=1"];

        Run([.. asked, $"out={_world.Folder("final")}"]);
        Directory.Delete(Path.Combine(run, "final"), recursive: true);
        Run([.. asked, $"out={_world.Folder("checkpoint")}"]);

        var (final, checkpoint) = (CurveJson.Read(Path.Combine(_world.Folder("final"), "curve", "curve.json")), CurveJson.Read(Path.Combine(_world.Folder("checkpoint"), "curve", "curve.json")));
        Assert.Equal([1, 2], final.Points.Select(point => point.Step));
        Assert.All(final.Points, point => Assert.Equal(("other", stage, 2L * point.Step), (point.Run, point.Algorithm, point.Episodes)));
        Assert.NotEqual(final.Points[1].Checkpoint, checkpoint.Points[1].Checkpoint);
        Assert.True(final.Points[1].Kl.Exact.Value > 0.01, $"KL {final.Points[1].Kl.Exact.Value}");
        Assert.Equal(final.Points[1].Kl.Exact.Value, checkpoint.Points[1].Kl.Exact.Value, 4);
        Assert.Equal(final.Points[1].Proxy.Value, checkpoint.Points[1].Proxy.Value, 6);
        Assert.Null(final.GoldScale);
    }

    [Theory]
    [InlineData("ppo", "copy", 2)]       // what is evaluated anew: the checkpoints before the last, which is merged
    [InlineData("dpo", "copy", 1)]
    [InlineData("ppo", "adapter", 4)]    // everything is measured from the reference
    public void Curve_BaseOfAnAdapterChanged_IsEvaluatedAnew(string stage, string reference, int changed)
    {
        File.WriteAllLines(_world.Folder("rows.jsonl"), Enumerable.Range(0, 4).Select(i => $$"""{"prompt": "p{{i}}", "chosen": "ab{{i}}", "rejected": "zz{{i}}"}"""));
        var trained = InProcess.Run(stage, _world.Folder("recipe.yaml"), $"out={_world.Folder("other")}", $"{stage}.lora.rank=2", $"dpo.model={_world.Folder("model")}", $"dpo.data={_world.Folder("rows.jsonl")}", "dpo.eval_share=0", "dpo.batch_size=2");
        Assert.True(trained.Code == 0, trained.Error);
        CopyFolder(_world.Folder("model"), _world.Folder("copy"));
        if (reference == "adapter") CopyFolder(Path.Combine(_world.Folder("other"), "ppo", "checkpoints", "step-000001", "policy"), _world.Folder("adapter"));
        string[] words = [Path.Combine(_world.Folder("other"), stage), $"out={Pipeline}", $"curve.reference={_world.Folder(reference)}", $"curve.prompts={_world.Folder("prompts.jsonl")}", "curve.proxy.repetition.size=1", "curve.samples=2", "curve.best_of=1"];
        Run(words);
        var before = CacheFiles;

        using (var model = _world.Model(seed: 2)) ModelFolder.Save(model, _world.Folder("model"), new SaveOptions { TokenizerFrom = _world.TokenizerFolder });
        Run(words);

        Assert.Equal(changed, CacheFiles.Except(before).Count());
        Run(words);
        Assert.Equal(before.Length + changed, CacheFiles.Length);
    }

    [Fact]
    public void Curve_ResumeNever_EvaluatesAfreshAndKeepsTheOldAside()
    {
        Run(_world.Folder("recipe.yaml"));
        var before = File.ReadAllBytes(CurveFile);

        var again = Run(_world.Folder("recipe.yaml"), "resume=never");

        Assert.Contains("to do", again.Error);
        Assert.Equal(before, File.ReadAllBytes(CurveFile));
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(Pipeline, "curve.old-1", "curve.json")));
        Assert.Equal(4, CacheFiles.Length);
    }

    [Fact]
    public void Curve_ResumeNeverWithACacheOfOnesOwn_SaysThatItIsKept()
    {
        string[] words = [_world.Folder("recipe.yaml"), $"curve.cache={_world.Folder("shared")}", "resume=never"];
        Assert.DoesNotContain("shared", Run(words).Error);
        Assert.Contains($"curve.cache: what {_world.Folder("shared")} holds is used with resume=never too, since other evaluations may share it; delete it to compute everything anew", Run(words).Error);
    }

    [Fact]
    public void Curve_ResumeMust_WantsAnEvaluation()
    {
        var refused = InProcess.Run("curve", _world.Folder("recipe.yaml"), "resume=must");
        Assert.Equal((1, $"rlhf curve: {Path.Combine(Pipeline, "curve")} holds no evaluation to resume; check out= and name=, or leave resume=must away\n"), (refused.Code, refused.Error));
        Assert.False(Directory.Exists(Path.Combine(Pipeline, "curve")));

        Run(_world.Folder("recipe.yaml"));
        Directory.Delete(Path.Combine(Pipeline, "curve", "cache"), recursive: true);
        Run(_world.Folder("recipe.yaml"), "resume=must");    // there is a result
        File.Delete(CurveFile);
        Run(_world.Folder("recipe.yaml"), "resume=must");    // there is what an interrupted one computed
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    private static InProcess.Ending Run(params string[] words)
    {
        var ending = InProcess.Run(["curve", .. words]);
        Assert.True(ending.Code == 0, ending.Error);
        return ending;
    }
}
