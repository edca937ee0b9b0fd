using System.Diagnostics;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Jobs;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Foundation.Runs;

/// <summary>
/// One execution of one stage and its directory: recipe.yaml, environment.json, metrics.jsonl, samples.jsonl,
/// TensorBoard events, checkpoints/ and final/. A step's number is how many steps are done after it, so the first is 1.
/// </summary>
/// <example><code>
/// using var run = Run.Open("runs/demo/sft", recipe, "sft", options);
/// if (run.IsFinished) return;
/// if (run.Resumed is { } checkpoint) state.Load(checkpoint.Folder);
/// run.Progress.Begin("sft", steps, run.StepsDone);
/// for (var step = run.StepsDone + 1; step &lt;= steps; step++)
/// {
///     run.Log(step, TrainStep());
///     run.EndStep(step, state.Save);        // a checkpoint when one is due, the end when one is asked for
/// }
/// run.Finish(folder => ModelFolder.Save(model, folder));
/// </code></example>
public sealed class Run : IDisposable
{
    private readonly object _recipe;
    private readonly RunOptions _options;
    private readonly RunLock? _lock;
    private readonly RunLogs? _logs;
    private readonly RunTrackers? _trackers;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly double _secondsBefore;
    private long _lastSaved;

    /// <param name="held">The lock; null on ranks other than 0, which read the run and write nothing.</param>
    private Run(string folder, string stage, object recipe, RunOptions options, RunLock? held)
    {
        (Folder, Stage, _recipe, _options, _lock) = (folder, stage, recipe, options, held);
        Checkpoints = new CheckpointStore(Path.Combine(folder, RunFolder.Checkpoints), options.Retention, Warn);
        IsFinished = File.Exists(Path.Combine(FinalFolder, CheckpointManifest.FileName));
        Resumed = IsFinished ? null : Checkpoints.Latest();
        if (Resumed is null && !IsFinished && options.Resume == Resume.Must && !RunFolder.HasParts(folder)) throw new RlhfException($"{folder} holds no checkpoint to resume from; leave resume=must away to start from the beginning");
        var position = IsFinished ? CheckpointManifest.ReadVerified(FinalFolder) : Resumed?.Manifest;
        _lastSaved = StepsDone = position?.Step ?? 0;
        _secondsBefore = position?.Seconds ?? 0;
        if (held is null) return;
        RunInputs.Check(folder, options.Inputs, IsFinished || StepsDone > 0 ? Warn : _ => { });
        if (IsFinished) return;
        Durable.WriteText(Path.Combine(folder, RunFolder.Recipe), RecipeWriter.Write(recipe));
        RunEnvironment.Record(folder, options.Environment, Warn);
        _logs = new RunLogs(folder, StepsDone, position?.Logs ?? new Dictionary<string, long>(), Warn);
        _trackers = new RunTrackers(options.Trackers, new TrackedRun(NameOf(folder), stage, folder, RecipeDiff.Flatten(recipe), StepsDone, Warn));
    }

    public string Folder { get; }

    public string Stage { get; }

    public CheckpointStore Checkpoints { get; }

    /// <summary>Whether final/ is complete: there is nothing left to do.</summary>
    public bool IsFinished { get; }

    /// <summary>The checkpoint to go on from; null at the beginning.</summary>
    public CheckpointFolder? Resumed { get; }

    /// <summary>Steps done when the run was opened.</summary>
    public long StepsDone { get; }

    public string FinalFolder => Path.Combine(Folder, RunFolder.Final);

    /// <summary>The processes that share the run.</summary>
    public Collective Job => _options.Job;

    /// <summary>Where <see cref="WriteBest"/> writes.</summary>
    public string BestFolder => Path.Combine(Folder, RunFolder.Best);

    public IProgressSink Progress => _options.Progress;

    /// <summary>Cancelled when this process was asked to stop: for waits inside a step.</summary>
    public CancellationToken Stop => _options.Stop;

    /// <summary>Working time over all sessions of the run.</summary>
    public double Seconds => _secondsBefore + _watch.Elapsed.TotalSeconds;

    /// <param name="recipe">The record that decides the run's numbers; another one in the same folder is refused.</param>
    public static Run Open(string folder, object recipe, string stage, RunOptions? options = null)
    {
        options ??= new RunOptions();
        RunAgreement.OnTheWork(options.Job, recipe, options.Inputs);
        if (options.Job.Rank > 0)
        {
            options.Job.Barrier();
            var reader = new Run(folder, stage, recipe, options, null);
            RunAgreement.OnTheFolder(options.Job, folder, reader.StepsDone);
            return reader;
        }

        RunFolder.Prepare(folder, recipe, options.Resume);
        var held = RunLock.Take(folder);
        try
        {
            var run = new Run(folder, stage, recipe, options, held);
            options.Job.Barrier();
            RunAgreement.OnTheFolder(options.Job, folder, run.StepsDone);
            return run;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens the run of a part of this one's work, in a folder inside its own. What was asked of the whole has been done by
    /// then: a part goes on where it has something to go on from, and begins where it has not.
    /// </summary>
    public Run OpenPart(string name) => Open(Path.Combine(Folder, name), _recipe, Path.Combine(Stage, name), _options with { Resume = Resume.Auto });

    /// <summary>Adds a step's numbers to metrics.jsonl and TensorBoard and shows them.</summary>
    public void Log(long step, IReadOnlyDictionary<string, double> metrics)
    {
        _logs?.Metrics(step, metrics);
        _trackers?.Log(step, metrics);
        Progress.Advance(step, metrics);
    }

    /// <summary>Adds a row to samples.jsonl; names become snake_case.</summary>
    public void Sample(object row) => _logs?.Sample(row);

    public void Warn(string message) => Progress.Warn(message);

    /// <summary>Writes a checkpoint when one is due or a stop was asked for.</summary>
    /// <param name="step">that is done</param>
    /// <param name="save">fills a folder; called on rank 0</param>
    /// <param name="assist">what the other ranks do meanwhile, where the state is spread over them</param>
    /// <exception cref="InterruptedException">A stop was asked for; the checkpoint is on disk.</exception>
    public void EndStep(long step, Action<string> save, Action? assist = null)
    {
        WantFolder();
        // All ranks decide alike, so that they stop after the same step.
        var isStopping = Job.Any(_options.Stop.IsCancellationRequested);
        var isDue = _options.SaveEvery > 0 && step % _options.SaveEvery == 0;
        if (isDue || isStopping) Save(step, save, assist);
        if (isStopping) _trackers?.End(RunEnding.Stopped);
        if (isStopping) throw new InterruptedException($"stopped after step {step} with a checkpoint in {Folder}; run the same command again to go on") { IsShared = true };
    }

    /// <summary>Writes a checkpoint now.</summary>
    public void Save(long step, Action<string> save, Action? assist = null)
    {
        if (step == _lastSaved) return;
        if (_logs is not null) Checkpoints.Save(step, save, _logs.Flush(), Seconds);
        else assist?.Invoke();
        _options.Job.Barrier();
        _lastSaved = step;
    }

    /// <summary>Writes best/ anew, complete or not at all: the model of the best evaluation so far.</summary>
    public void WriteBest(long step, Action<string> write)
    {
        if (_logs is not null) WriteFolder(BestFolder, step, write, _logs);
        _options.Job.Barrier();
    }

    /// <summary>Writes final/, complete or not at all; the run is finished then.</summary>
    public void Finish(long step, Action<string> write)
    {
        WantFolder();
        if (_logs is not null) WriteFolder(FinalFolder, step, write, _logs);
        _options.Job.Barrier();
        _trackers?.End(RunEnding.Finished);
        Progress.End();
    }

    public void Dispose()
    {
        _trackers?.Dispose();
        _logs?.Dispose();
        _lock?.Dispose();
    }

    private static string NameOf(string folder)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        return $"{Path.GetFileName(Path.GetDirectoryName(full))}/{Path.GetFileName(full)}";
    }

    /// <summary>A folder that was taken away would be made anew by the next checkpoint, without what the run began with.</summary>
    private void WantFolder()
    {
        if (_logs is not null && !File.Exists(Path.Combine(Folder, RunFolder.Recipe)))
            throw new RlhfException($"{Folder} was deleted or moved while the run went on; what it holds after its last checkpoint is lost: put it back, or choose another folder with out=…, then run the same command again");
    }

    private void WriteFolder(string target, long step, Action<string> write, RunLogs logs)
    {
        try
        {
            FolderWriter.Write(Path.Combine(Folder, $".unfinished-{Path.GetFileName(target)}"), target, step, write, logs.Flush(), Seconds);
        }
        catch (Exception error) when (Durable.IsDiskFull(error))
        {
            throw new RlhfException($"disk full while writing {target}; free space on that disk, then run the same command again to go on", error);
        }
    }
}
