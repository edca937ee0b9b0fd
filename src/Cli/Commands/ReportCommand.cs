using System.Text.Json;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Cli.Sweeps;
using Rlhf.Evaluation;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Recipes;
using Rlhf.Reports;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf report</c>: one self-contained page for a run directory.</summary>
internal static class ReportCommand
{
    public static Command Create() => Command.For<ReportRecipe>("report", "Writes report.html for a run or a sweep: verdict, curves, samples, configuration.", Run, Check) with
    {
        Positionals = ["run"],
        Examples = ["rlhf report runs/demo", "rlhf report runs/demo/sweep", "rlhf report runs/demo to=demo.html", "rlhf report runs/demo --json"],
    };

    /// <summary>Writes the report and returns what it says.</summary>
    /// <param name="key">The key that names the target, or the folder it is in.</param>
    public static Verdict Write(string folder, string target, string key)
    {
        var (html, verdict) = SweepResult.IsSweep(folder) ? OfSweep(SweepResult.Read(folder)) : OfRun(RunReader.Read(folder));
        Stage.Write(target, key, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(target))!);
            Durable.WriteText(target, html);
        });
        return verdict;
    }

    private static (string Html, Verdict Verdict) OfRun(ReportRun run) => (RunReport.Html(run), run.Curve is null ? TrainingVerdict.Of(run) : Judge.Of(run.Curve));

    private static (string Html, Verdict Verdict) OfSweep(SweepResult sweep) => (SweepReport.Html(sweep), SweepReport.VerdictOf(sweep));

    private static int Run(ReportRecipe recipe, CommandContext context)
    {
        Check(recipe, context);
        var target = recipe.To ?? Path.Combine(recipe.Run, "report.html");
        var verdict = Write(recipe.Run, target, "to");
        if (context.Format == OutputFormat.Json) context.Output.WriteLine(JsonSerializer.Serialize(new { Report = target, Verdict = verdict }, JsonText.Lines));
        else context.Output.WriteLine($"{target}\n{verdict.Headline}");
        return 0;
    }

    private static void Check(ReportRecipe recipe, CommandContext context)
    {
        if (recipe.Run.Length == 0) throw new WrongUsageException("no run given; expected rlhf report runs/NAME");
        if (!Directory.Exists(recipe.Run)) throw new RlhfException($"{recipe.Run}: no such run directory; give the folder that a training command wrote, for example runs/demo");
        if (Directory.Exists(recipe.To)) throw new RlhfException($"to: {recipe.To}: is a folder; expected a file");
    }
}

internal sealed record ReportRecipe : IChecked
{
    [Describe("folder of the run, of a pipeline with a folder for each stage, or of a sweep")]
    public string Run { get; init; } = "";

    [Describe("file to write; null: report.html in that folder")]
    public string? To { get; init; }

    public IEnumerable<Problem> Problems()
    {
        if (To is "") yield return new Problem(nameof(To), "found nothing; expected a file, or no to= at all for report.html in the run's folder");
    }
}
