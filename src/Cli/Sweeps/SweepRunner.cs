using System.Diagnostics;
using Rlhf.Foundation;
using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Sweeps;

/// <summary>
/// Runs the points of a grid as child processes, so that a point that fails, or runs out of memory, takes no other with
/// it. What is done is not done again; what was stopped goes on from its checkpoint.
/// </summary>
/// <param name="isCurrent">Of a point that is done: whether a stage's results are still those of the recipe and its inputs.</param>
public sealed class SweepRunner(SweepFolder folder, SweepRecipe recipe, ChildProgram program, Func<SweepPoint, string, bool> isCurrent, IProgressSink progress, CancellationToken stop)
{
    private const int StoppedWithCheckpoint = 130;

    /// <summary>How long a child of a sweep that was killed may take to see it, finish its step and leave a checkpoint.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <summary>The stages that all points share; every point needs them, so a failure ends the sweep.</summary>
    public async Task RunShared()
    {
        foreach (var stage in recipe.Shared)
        {
            progress.Note($"sweep: {stage}, shared by all points");
            await LetGo(Path.Combine(folder.Run, stage));
            var ending = await program.Run([stage, folder.BaseRecipe, $"out={folder.Run}"], folder.SharedLog, stop);
            if (ending.Code == StoppedWithCheckpoint || stop.IsCancellationRequested) throw Interrupted();
            if (ending.Code != 0) throw new RlhfException($"the shared stage {stage} ended with {ending.Code} ({ending.LastLine}); its log is {folder.SharedLog}");
        }
    }

    /// <summary>All points, so many at a time; in the order of the grid.</summary>
    public async Task<IReadOnlyList<PointState>> RunPoints(IReadOnlyList<SweepPoint> points)
    {
        // Before any of them runs: points of old and of new inputs side by side cannot be compared.
        string[][] left = [.. points.Select(Left)];
        var states = new PointState[points.Count];
        var done = 0;
        progress.Begin("sweep", points.Count, 0);
        using var places = new SemaphoreSlim(recipe.Parallel);
        await Task.WhenAll(points.Select(async (point, i) =>
        {
            await places.WaitAsync(CancellationToken.None);
            try
            {
                states[i] = await RunPoint(point, left[i]);
                lock (places) progress.Advance(++done, new Dictionary<string, double>());
            }
            finally
            {
                places.Release();
            }
        }));
        progress.End();
        if (stop.IsCancellationRequested) throw Interrupted();
        return states;
    }

    /// <summary>The stages a point has yet to run: of one that is done those from the first that is not current on.</summary>
    private string[] Left(SweepPoint point) => PointState.Read(folder.PointFolder(point)) is { Status: PointStatus.Done }
        ? [.. Stages(point).SkipWhile(stage => isCurrent(point, stage))]
        : [.. Stages(point)];

    private IEnumerable<string> Stages(SweepPoint point) => recipe.Stages.Where(stage => !point.LeavesOut(stage));

    private async Task<PointState> RunPoint(SweepPoint point, string[] stages)
    {
        var place = folder.PreparePoint(point, recipe.Shared);
        var before = PointState.Read(place);
        if (before is not null && stages.Length == 0) return before;
        var state = new PointState { Name = point.Name, Case = point.Case, Settings = new Dictionary<string, string>(point.Settings), Status = PointStatus.Running, Seconds = before?.Seconds ?? 0 };
        var watch = Stopwatch.StartNew();
        foreach (var stage in stages)
        {
            if (stop.IsCancellationRequested) return Ended(PointStatus.Stopped, null);
            state = state with { Stage = stage };
            state.Write(place);
            await LetGo(Path.Combine(place, stage));
            var ending = await program.Run([stage, folder.BaseRecipe, .. folder.Words(point)], Path.Combine(place, "log.txt"), stop);
            if (ending.Code == 0) continue;
            if (ending.Code == StoppedWithCheckpoint || stop.IsCancellationRequested) return Ended(PointStatus.Stopped, null);
            progress.Warn($"sweep: {point.Name} failed in {stage} with {ending.Code}: {ending.LastLine}");
            return Ended(PointStatus.Failed, $"ended with {ending.Code}: {ending.LastLine}");
        }

        state = state with { Stage = null };
        return Ended(PointStatus.Done, null);

        PointState Ended(PointStatus status, string? error)
        {
            state = state with { Status = status, Error = error, Seconds = state.Seconds + watch.Elapsed.TotalSeconds };
            state.Write(place);
            return state;
        }
    }

    /// <summary>Waits for the child of a sweep that was killed: it stops by itself, and this one goes on from its checkpoint.</summary>
    private async Task LetGo(string run)
    {
        var waited = Stopwatch.StartNew();
        if (RunLock.HolderOf(run) is { IsHere: true } former) progress.Note($"sweep: {run} is still being written by {former}, of a sweep that was killed; waiting for its last checkpoint");
        while (RunLock.HolderOf(run) is { IsHere: true } && waited.Elapsed < s_patience && !stop.IsCancellationRequested) await Task.Delay(100);
    }

    private InterruptedException Interrupted() => new($"the sweep in {folder.Path} was stopped; run the same command again to go on");
}
