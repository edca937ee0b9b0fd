using System.Text;
using System.Text.Json;
using Rlhf.Cli.Stages;
using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Web.Watching;

internal enum RunStatus
{
    /// <summary>A process writes it.</summary>
    Running,

    /// <summary>It has its result.</summary>
    Finished,

    /// <summary>Neither: it was stopped or killed, and may go on.</summary>
    Stopped,
}

/// <summary>How a run stands, from its folder and its last line alone.</summary>
/// <param name="Step">The last that was logged; null where none was.</param>
/// <param name="Steps">How many there will be; null where the recipe does not say.</param>
/// <param name="Done">The share of the work that is done; null where it is not known.</param>
/// <param name="SecondsLeft">Null where it is not known, or nothing runs.</param>
internal sealed record RunState(string Id, string Stage, RunStatus Status, DateTime Changed, double? Step, double? Steps, double? Done, double? SecondsLeft, bool CanStop, IReadOnlyDictionary<string, double> Last);

/// <summary>Looks at runs, and remembers what does not change of them.</summary>
internal sealed class RunStates
{
    private const int TailLength = 64 * 1024;

    private static readonly string[] s_shown = ["raw_score", "score", "gold", "kl", "kl_coefficient", "entropy", "response_length", "loss", "eval_loss", "accuracy", "eval_accuracy"];

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (DateTime Changed, Recipe? Recipe)> _recipes = [];

    /// <param name="secondsPerStep">Where somebody has watched the run.</param>
    public RunState Of(WatchedRun run, double? secondsPerStep)
    {
        var last = LastLine(run.Metrics);
        var holder = RunLock.HolderOf(run.Folder);
        var status = File.Exists(Path.Combine(run.Folder, "final", "manifest.json")) ? RunStatus.Finished : holder is null ? RunStatus.Stopped : RunStatus.Running;
        double? step = last.TryGetValue("step", out var found) && double.IsFinite(found) ? found : null;
        var (steps, done) = Progress(run, step, last);
        var perStep = secondsPerStep ?? (last.Keys.Any(IsPhase) ? last.Where(one => IsPhase(one.Key)).Sum(one => one.Value) : null);
        var all = steps ?? (done > 0 ? step / done : null);
        return new RunState(run.Id, run.Stage, status, File.GetLastWriteTimeUtc(run.Metrics), step, steps, status == RunStatus.Finished ? 1 : done,
            status == RunStatus.Running && all is { } total && step is { } at && perStep is { } seconds ? Math.Max(0, total - at) * seconds : null,
            status == RunStatus.Running && holder is { IsHere: true } && holder.Process != Environment.ProcessId,
            s_shown.Where(name => last.TryGetValue(name, out var value) && double.IsFinite(value)).ToDictionary(name => name, name => last[name]));
    }

    /// <summary>The last whole lines of a file, without reading the rest of it.</summary>
    public static IEnumerable<string> LastLines(string path, int length)
    {
        if (!File.Exists(path)) return [];
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var start = Math.Max(0, stream.Length - length);
        stream.Position = start;
        var bytes = new byte[stream.Length - start];
        var text = Encoding.UTF8.GetString(bytes.AsSpan(0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)));
        var lines = text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return start > 0 ? lines.Skip(1) : lines;
    }

    private static bool IsPhase(string name) => name.StartsWith("seconds_", StringComparison.Ordinal);

    private static Dictionary<string, double> LastLine(string path)
    {
        try
        {
            if (LastLines(path, TailLength).LastOrDefault() is not { } line) return [];
            using var document = JsonDocument.Parse(line);
            return document.RootElement.EnumerateObject().Where(field => field.Value.ValueKind == JsonValueKind.Number).GroupBy(field => field.Name).ToDictionary(field => field.Key, field => field.First().Value.GetDouble());
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            return [];
        }
    }

    private (double? Steps, double? Done) Progress(WatchedRun run, double? step, Dictionary<string, double> last)
    {
        var recipe = RecipeOf(run);
        double? steps = run.Stage switch
        {
            StageNames.Ppo => recipe?.Ppo?.Steps,
            _ => null,
        };
        if (steps is { } total) return (total, step / total);
        double? epochs = run.Stage switch
        {
            StageNames.Sft => recipe?.Sft?.Epochs,
            StageNames.Reward => recipe?.Reward?.Epochs,
            StageNames.Dpo => recipe?.Dpo?.Epochs,
            _ => null,
        };
        return (null, epochs > 0 && last.TryGetValue("epoch", out var epoch) ? Math.Min(1, epoch / epochs.Value) : null);
    }

    private Recipe? RecipeOf(WatchedRun run)
    {
        var path = Path.Combine(run.Folder, "recipe.yaml");
        var changed = File.GetLastWriteTimeUtc(path);
        lock (_gate)
        {
            if (_recipes.TryGetValue(run.Folder, out var known) && known.Changed == changed) return known.Recipe;
            Recipe? recipe = null;
            try
            {
                if (File.Exists(path)) recipe = RecipeBinder.Load<Recipe>(path);
            }
            catch (Exception other) when (other is RlhfException or IOException)
            {
                // Of another version: how far it will go is not known then.
            }

            _recipes[run.Folder] = (changed, recipe);
            return recipe;
        }
    }
}
