using System.Text.Json;
using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Runs;

namespace Rlhf.Foundation.Tests.Runs;

public sealed class RunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SilentProgress _progress = new();

    private string Folder => _folder.At("runs", "x");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_NewFolder_RecordsRecipeAndEnvironment()
    {
        using (Open()) { }

        Assert.Equal(7, RecipeBinder.Load<TinyRecipe>(Path.Combine(Folder, "recipe.yaml")).Seed);
        var environment = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Path.Combine(Folder, "environment.json")))!;
        Assert.Equal("2", environment["threads"]);
        Assert.StartsWith(".NET", environment["dotnet"], StringComparison.Ordinal);
    }

    [Fact]
    public void Log_Metrics_AreLinesInTheOrderGiven()
    {
        using (var run = Open())
        {
            run.Log(1, new Dictionary<string, double> { ["loss"] = 0.1f, ["a/b"] = 1.0 / 3, ["tokens"] = 1e6, ["bad"] = double.NaN });
            run.Sample(new { Prompt = "é \"x\"", Kl = 0.5 });
        }

        Assert.Equal(["{\"step\":1,\"loss\":0.1,\"a/b\":0.3333333333333333,\"tokens\":1000000,\"bad\":null}"], File.ReadAllLines(Path.Combine(Folder, "metrics.jsonl")));
        Assert.Equal(["{\"prompt\":\"é \\\"x\\\"\",\"kl\":0.5}"], File.ReadAllLines(Path.Combine(Folder, "samples.jsonl")));
    }

    [Fact]
    public void Open_AfterKill_CutsLogsBackToTheCheckpoint()
    {
        var run = Open();
        Steps(run, 1, 5);
        // What a kill leaves: lines of steps 5 and half of 6, after the checkpoint of step 4.
        run.Dispose();
        File.AppendAllText(Path.Combine(Folder, "metrics.jsonl"), "{\"step\":6,\"lo");

        using (var resumed = Open())
        {
            Assert.Equal(4, resumed.StepsDone);
            Assert.Equal("4", File.ReadAllText(resumed.Resumed!.File("state")));
            Steps(resumed, 5, 6);
        }

        Assert.Equal(Enumerable.Range(1, 6).Select(step => $"{{\"step\":{step},\"loss\":{step * 2}}}"), File.ReadAllLines(Path.Combine(Folder, "metrics.jsonl")));
        Assert.Equal([1, 2, 3, 4, 5, 6], EventReader.Read(Folder).Where(entry => entry.Tag == "loss").Select(entry => entry.Step));
    }

    [Fact]
    public void Open_KilledBeforeTheFirstCheckpoint_StartsAfresh()
    {
        using (var run = Open()) Steps(run, 1, 1);

        using (var again = Open())
        {
            Assert.Null(again.Resumed);
            Assert.Equal(0, again.StepsDone);
        }

        Assert.Empty(File.ReadAllLines(Path.Combine(Folder, "metrics.jsonl")));
        Assert.Empty(EventReader.Read(Folder));
    }

    [Fact]
    public void Open_LogShorterThanTheCheckpointKnew_KeepsWholeLinesAndWarns()
    {
        using (var run = Open()) Steps(run, 1, 2);
        File.WriteAllText(Path.Combine(Folder, "metrics.jsonl"), "{\"step\":1,\"loss\":2}\n{\"st");

        using (Open()) { }

        Assert.Equal("{\"step\":1,\"loss\":2}\n", File.ReadAllText(Path.Combine(Folder, "metrics.jsonl")));
        Assert.Contains("lines are missing", Assert.Single(_progress.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AnotherRecipe_IsRefusedWithTheKeysThatDiffer()
    {
        using (Open()) { }

        var error = Assert.Throws<StaleRunException>(() => Open(new TinyRecipe { Seed = 8 }));

        Assert.Equal($"{Folder} holds a run of another recipe (seed: 7 → 8); choose another folder with out=… or name=…, or start over with resume=never", error.Message);
    }

    [Fact]
    public void Open_KeyThatMayChange_Resumes()
    {
        using (var run = Open()) Steps(run, 1, 2);

        using var again = Open(new TinyRecipe { Threads = 5 });

        Assert.Equal(2, again.StepsDone);
    }

    [Fact]
    public void Open_Never_MovesTheOldRunAside()
    {
        using (var run = Open()) Steps(run, 1, 2);

        using (var again = Open(new TinyRecipe { Seed = 8 }, Resume.Never)) Assert.Equal(0, again.StepsDone);

        Assert.Equal(2, File.ReadAllLines(Path.Combine(Folder + ".old-1", "metrics.jsonl")).Length);
    }

    [Fact]
    public void Open_MustWithoutCheckpoint_IsAnError()
    {
        Assert.Contains("holds no run to resume", Assert.Throws<RlhfException>(() => Open(resume: Resume.Must)).Message, StringComparison.Ordinal);
        using (Open()) { }
        Assert.Contains("holds no checkpoint to resume from", Assert.Throws<RlhfException>(() => Open(resume: Resume.Must)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_MustWithACheckpointInAPart_GoesOnThere()
    {
        using (var whole = Open())
        using (var part = whole.OpenPart("part"))
        {
            Assert.Equal(Path.Combine("x", "part"), part.Stage);
            Steps(part, 1, 2);
        }

        using var again = Open(resume: Resume.Must);
        using (var part = again.OpenPart("part")) Assert.Equal(2, part.StepsDone);
        using (var next = again.OpenPart("next")) Assert.Equal(0, next.StepsDone);
    }

    [Fact]
    public void Open_TwiceAtOnce_NamesTheHolder()
    {
        using var first = Open();

        var error = Assert.Throws<RlhfException>(() => Open());

        Assert.StartsWith($"{Folder} is being written by process {Environment.ProcessId} on {Environment.MachineName}, started ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EndStep_StopRequested_CheckpointsAndInterrupts()
    {
        using var stop = new CancellationTokenSource();
        using (var run = Open(stop: stop.Token))
        {
            Steps(run, 1, 1);
            stop.Cancel();
            Assert.Throws<InterruptedException>(() => Steps(run, 2, 3));
        }

        using var resumed = Open();
        Assert.Equal(2, resumed.StepsDone);
    }

    [Fact]
    public void Save_AgainAtAStepAlreadySaved_WritesOnce()
    {
        using var run = Open();
        var written = 0;
        run.Save(3, _ => written++);
        run.Save(3, _ => written++);

        Assert.Equal(1, written);
    }

    [Fact]
    public void Finish_ThenOpen_IsFinishedAndTouchesNothing()
    {
        using (var run = Open())
        {
            Steps(run, 1, 3);
            run.Finish(3, folder => File.WriteAllText(Path.Combine(folder, "model"), "weights"));
        }

        var before = Directory.GetFiles(Folder).Order(StringComparer.Ordinal);
        using (var again = Open())
        {
            Assert.True(again.IsFinished);
            Assert.Equal(3, again.StepsDone);
            Assert.Equal("weights", File.ReadAllText(Path.Combine(again.FinalFolder, "model")));
        }

        Assert.Equal(before, Directory.GetFiles(Folder).Order(StringComparer.Ordinal));
        Assert.Equal(3, File.ReadAllLines(Path.Combine(Folder, "metrics.jsonl")).Length);
    }

    [Fact]
    public void Open_OtherThreadCount_WarnsThatResumeIsNotBitwise()
    {
        using (Open()) { }
        using (Open(threads: "4")) { }

        Assert.Equal("this run began with threads 2 and goes on with 4: its numbers may differ in their last bits from those without the stop", Assert.Single(_progress.Warnings));
    }

    [Theory]
    [InlineData("deleted")]
    [InlineData("moved")]
    public void EndStep_FolderTakenAway_EndsWithALineAndMakesNoNewOne(string how)
    {
        using (var run = Open())
        {
            Steps(run, 1, 2);
            if (how == "moved") Directory.Move(Folder, Folder + ".aside");
            else Directory.Delete(Folder, recursive: true);

            var error = Assert.Throws<RlhfException>(() => Steps(run, 3, 4));
            Assert.Equal($"{Folder} was deleted or moved while the run went on; what it holds after its last checkpoint is lost: put it back, or choose another folder with out=…, then run the same command again", error.Message);
            Assert.Throws<RlhfException>(() => run.Finish(4, _ => { }));
        }

        Assert.False(Directory.Exists(Folder));
        if (how == "deleted") return;
        Directory.Move(Folder + ".aside", Folder);
        using var again = Open();
        Assert.Equal(2, again.StepsDone);
    }

    [Fact]
    public void Open_InputChangedSince_IsRefused()
    {
        var model = _folder.At("model");
        Directory.CreateDirectory(model);
        File.WriteAllText(Path.Combine(model, "weights"), "abc");
        using (Open(inputs: model)) { }
        using (Open(inputs: model)) { }
        Assert.Empty(_progress.Warnings);
        File.WriteAllText(Path.Combine(model, "weights"), "abd");

        var error = Assert.Throws<StaleRunException>(() => Open(inputs: model));

        Assert.StartsWith($"{Folder} was made from {model}, which has changed since", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"elsewhere": "abc"}""")]
    [InlineData("{")]
    public void Open_InputThatTheRecordLacks_IsTakenAsItIsWithAWarningAndHeldToFromThen(string record)
    {
        var data = _folder.At("data");
        File.WriteAllText(data, "abc");
        using (var run = Open(inputs: data)) Steps(run, 1, 2);
        File.WriteAllText(Path.Combine(Folder, "inputs.json"), record);

        using (var run = Open(inputs: data)) Assert.Equal(2, run.StepsDone);
        using (Open(inputs: data)) { }
        File.WriteAllText(data, "abd");

        Assert.Equal($"{Folder} has no fingerprint of {data} from when it was begun; what is there now counts as unchanged, and is held to from here on", Assert.Single(_progress.Warnings));
        Assert.Contains("has changed since", Assert.Throws<StaleRunException>(() => Open(inputs: data)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_InputMissing_SaysSo() =>
        Assert.Equal("nowhere: no such file or folder; check the path in the recipe", Assert.Throws<RlhfException>(() => Open(inputs: "nowhere")).Message);

    [Theory]
    [InlineData(0)]
    [InlineData(1 << 20)]
    [InlineData(3_000_000)]
    public void Fingerprint_FirstOrLastByteChanged_Differs(int length)
    {
        var path = _folder.At("file");
        var bytes = new byte[length + 1];
        File.WriteAllBytes(path, bytes);
        var before = RunInputs.Fingerprint(path);
        bytes[^1] = 1;
        File.WriteAllBytes(path, bytes);
        var lastChanged = RunInputs.Fingerprint(path);
        (bytes[^1], bytes[0]) = (0, 2);
        File.WriteAllBytes(path, bytes);

        Assert.Equal(3, new[] { before, lastChanged, RunInputs.Fingerprint(path) }.Distinct().Count());
    }

    private static void Steps(Run run, int first, int last)
    {
        for (var step = first; step <= last; step++)
        {
            run.Log(step, new Dictionary<string, double> { ["loss"] = step * 2 });
            run.EndStep(step, folder => File.WriteAllText(Path.Combine(folder, "state"), $"{step}"));
        }
    }

    private Run Open(TinyRecipe? recipe = null, Resume resume = Resume.Auto, string threads = "2", string? inputs = null, CancellationToken stop = default) =>
        Run.Open(Folder, recipe ?? new TinyRecipe(), "x", new RunOptions { Resume = resume, SaveEvery = 2, Stop = stop, Progress = _progress, Inputs = inputs is null ? [] : [inputs], Environment = new Dictionary<string, string> { ["threads"] = threads } });

    private sealed record TinyRecipe
    {
        public int Seed { get; init; } = 7;

        [MayChangeOnResume]
        public int Threads { get; init; } = 2;
    }
}
