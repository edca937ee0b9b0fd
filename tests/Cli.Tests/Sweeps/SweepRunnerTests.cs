using Rlhf.Cli.Sweeps;
using Rlhf.Foundation;
using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Tests.Sweeps;

/// <summary>Sweeps of a bash script that behaves as the program does: it writes into out=, fails, or waits for SIGTERM.</summary>
public sealed class SweepRunnerTests : IDisposable
{
    private const string Fake = """
        stage=$1; shift 2
        for word in "$@"; do case $word in out=*) out=${word#out=};; mode=*) mode=${word#mode=};; esac; done
        mkdir -p "$out/$stage"
        echo "$stage $*" >> "$out/$stage/calls"
        case ${mode:-} in
          fail) [ -e "$out/mended" ] || { echo "progress"; echo "rlhf $stage: out of memory; lower ppo.batch" >&2; exit 1; } ;;
          wait) [ "$stage" = curve ] || [ -e "$out/$stage/checkpoint" ] || { trap 'touch "$out/$stage/checkpoint"; exit 130' TERM; touch "$out/started"; while :; do sleep 0.02; done; } ;;
        esac
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task RunPoints_Grid_RunsEveryStageAtEveryPointWithItsSettings()
    {
        var runner = Runner(new SweepRecipe());
        await runner.RunShared();
        var states = await runner.RunPoints(Points("seed", "1", "2"));

        Assert.All(states, state => Assert.Equal(PointStatus.Done, state.Status));
        Assert.Equal([$"sft out={_folder.Path}"], File.ReadAllLines(_folder.At("sft", "calls")));
        foreach (var stage in new[] { "ppo", "curve" })
            Assert.Equal([$"{stage} seed=2 name=seed=2 out={_folder.At("sweep", "seed=2")}"], File.ReadAllLines(_folder.At("sweep", "seed=2", stage, "calls")));
        Assert.Equal(File.ReadAllLines(_folder.At("reward", "calls")), File.ReadAllLines(_folder.At("sweep", "seed=1", "reward", "calls")));
    }

    [Fact]
    public async Task RunPoints_OnePointFails_TheOthersGoOnAndTheReasonIsKept()
    {
        var states = await Runner(new SweepRecipe()).RunPoints(Points("mode", "fail", "fine"));
        Assert.Equal([PointStatus.Failed, PointStatus.Done], states.Select(state => state.Status));
        Assert.Equal("ppo", states[0].Stage);
        Assert.Equal("ended with 1: rlhf ppo: out of memory; lower ppo.batch", states[0].Error);
        Assert.Contains("progress", File.ReadAllText(_folder.At("sweep", "mode=fail", "log.txt")));
        Assert.False(Directory.Exists(_folder.At("sweep", "mode=fail", "curve")));
    }

    [Fact]
    public async Task RunPoints_Again_RunsOnlyWhatIsNotDone()
    {
        var points = Points("mode", "fail", "fine");
        await Runner(new SweepRecipe()).RunPoints(points);
        File.WriteAllText(_folder.At("sweep", "mode=fail", "mended"), "");
        var states = await Runner(new SweepRecipe()).RunPoints(points);

        Assert.All(states, state => Assert.Equal(PointStatus.Done, state.Status));
        Assert.Null(states[0].Error);
        Assert.Equal(2, File.ReadAllLines(_folder.At("sweep", "mode=fail", "ppo", "calls")).Length);
        Assert.Single(File.ReadAllLines(_folder.At("sweep", "mode=fine", "ppo", "calls")));
    }

    [Fact]
    public async Task RunPoints_Stopped_LeavesACheckpointAndGoesOnNextTime()
    {
        var points = Points("mode", "wait", "fine");
        using var stop = new CancellationTokenSource();
        var running = Runner(new SweepRecipe(), stop: stop.Token).RunPoints(points);
        while (!File.Exists(_folder.At("sweep", "mode=wait", "started"))) await Task.Delay(10);
        await stop.CancelAsync();
        await Assert.ThrowsAsync<InterruptedException>(() => running.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(PointStatus.Stopped, PointState.Read(_folder.At("sweep", "mode=wait"))!.Status);
        Assert.False(File.Exists(_folder.At("sweep", "mode=fine", "ppo", "calls")));

        var states = await Runner(new SweepRecipe()).RunPoints(points);
        Assert.All(states, state => Assert.Equal(PointStatus.Done, state.Status));
    }

    [Fact]
    public async Task RunPoints_Parallel_RunsThatManyAtATime()
    {
        // Each point waits for the other's sign of life: one after the other they would never end.
        const string meet = """
            for word in "$@"; do case $word in out=*) out=${word#out=};; seed=*) seed=${word#seed=};; esac; done
            touch "$out/../here-$seed"; for i in $(seq 500); do [ -e "$out/../here-$((3 - seed))" ] && exit 0; sleep 0.02; done; exit 1
            """;
        var states = await Runner(new SweepRecipe { Parallel = 2, Stages = ["ppo"] }, script: meet).RunPoints(Points("seed", "1", "2"));
        Assert.All(states, state => Assert.Equal(PointStatus.Done, state.Status));
    }

    [Fact]
    public async Task RunShared_StageFails_EndsTheSweepAndNamesTheLog()
    {
        var error = await Assert.ThrowsAsync<RlhfException>(() => Runner(new SweepRecipe { Shared = ["sft"] }, script: "echo 'rlhf sft: no data' >&2; exit 1").RunShared());
        Assert.Contains("the shared stage sft ended with 1 (rlhf sft: no data)", error.Message);
        Assert.Contains("shared.log", error.Message);
    }

    [Fact]
    public void PointState_Damaged_SaysWhatToDelete()
    {
        File.WriteAllText(_folder.At(PointState.FileName), "{");
        Assert.Contains("delete it", Assert.Throws<RlhfException>(() => PointState.Read(_folder.Path)).Message);
    }

    [Fact]
    public async Task RunPoints_StageOfADonePointIsNotCurrent_RunsItAndWhatFollows()
    {
        var points = Points("seed", "1", "2");
        var recipe = new SweepRecipe { Stages = ["ppo", "curve", "report"] };
        await Runner(recipe).RunPoints(points);
        var states = await Runner(recipe, isCurrent: (point, stage) => point == points[0] || stage != "curve").RunPoints(points);

        Assert.All(states, state => Assert.Equal((PointStatus.Done, null), (state.Status, state.Stage)));
        Assert.Equal([1, 2, 2], recipe.Stages.Select(stage => File.ReadAllLines(_folder.At("sweep", "seed=2", stage, "calls")).Length));
        Assert.All(recipe.Stages, stage => Assert.Single(File.ReadAllLines(_folder.At("sweep", "seed=1", stage, "calls"))));
    }

    [Fact]
    public async Task RunPoints_ADonePointIsRefused_NothingRuns()
    {
        await Runner(new SweepRecipe()).RunPoints(Points("seed", "2"));
        var refusing = Runner(new SweepRecipe(), isCurrent: (_, _) => throw new RlhfException("the prompts have changed"));

        await Assert.ThrowsAsync<RlhfException>(() => refusing.RunPoints(Points("seed", "1", "2")));

        Assert.False(Directory.Exists(_folder.At("sweep", "seed=1")));
        Assert.Equal(PointStatus.Done, PointState.Read(_folder.At("sweep", "seed=2"))!.Status);
    }

    private SweepRunner Runner(SweepRecipe recipe, string script = Fake, Func<SweepPoint, string, bool>? isCurrent = null, CancellationToken stop = default)
    {
        var fake = _folder.At("fake.sh");
        File.WriteAllText(fake, script);
        var folder = new SweepFolder(_folder.Path);
        folder.Prepare("seed: 1\n");
        return new SweepRunner(folder, recipe, new ChildProgram("bash", [fake]), isCurrent ?? ((_, _) => true), new SilentProgress(), stop);
    }

    private static IReadOnlyList<SweepPoint> Points(string key, params string[] values) => SweepPoint.Of(new Dictionary<string, string[]> { [key] = values });
}
