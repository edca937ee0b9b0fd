using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Cli.Sweeps;
using Rlhf.Foundation;
using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Commands;

/// <summary>Whether what a point of a sweep left still stands.</summary>
internal static class PointCurrency
{
    /// <summary>Whether a stage of a point that is done would give what is there. An evaluation that would not is done again; a run that would not is refused, as it is by its own command.</summary>
    public static bool IsCurrent(string stage, Recipe point, SweepFolder folder, CommandContext context)
    {
        if (point.Resume == Resume.Never || Pipeline.Named(stage) is not { } known) return false;
        try
        {
            var decisive = known.Decisive(point);
            return RunFolder.IsOf(Stage.Folder(point, stage), decisive, Stage.Inputs(decisive), context.Progress.Warn);
        }
        catch (StaleRunException stale) when (stage == StageNames.Curve)
        {
            context.Progress.Note($"{stale.Reason}: evaluated anew");
            return false;
        }
        catch (StaleRunException stale)
        {
            throw new RlhfException($"{stale.Reason}; delete the folders of such points in {folder.Path} to run them again, start the whole sweep over with resume=never, or choose another folder with out=…", stale);
        }
        catch (RlhfException gone) when (stage == StageNames.Curve)
        {
            // Whoever cleared a finished point of its weights can still extend the grid.
            context.Progress.Warn($"{gone.Message}; {Stage.Folder(point, stage)} stays as it is");
            return true;
        }
    }
}
