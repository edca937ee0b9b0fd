using System.Text.Json;
using Rlhf.Evaluation;
using Rlhf.Policies;
using Rlhf.Policies.Recipes;
using Rlhf.Policies.Runs;
using Rlhf.Reports;
using Rlhf.Sweeps;

namespace Rlhf.Program.Commands;

/// <summary><c>rlhf report</c>: one self-contained page for a run directory.</summary>
internal static class ReportCommand
{
    public static Command Create() => Command.For<ReportRecipe>("report", "Writes report.html for a run or a sweep: verdict, curves, samples, configuration.", Run, Check) with
    {
        Positionals = ["run"],
        Examples = ["rlhf report runs/demo", "rlhf report runs/demo/sweep", "rlhf report runs/demo to=demo.html", "rlhf report runs/demo --json"],
    };

    /// <summary>Writes the report and returns what it says.</summary>
    public static Verdict Write(string folder, string target)
    {
        if (SweepResult.IsSweep(folder)) return WriteSweep(folder, target);
        var run = RunReader.Read(folder);
        Durable.WriteText(target, RunReport.Html(run));
        return run.Curve is null ? TrainingVerdict.Of(run) : Judge.Of(run.Curve);
    }

    private static Verdict WriteSweep(string folder, string target)
    {
        var sweep = SweepResult.Read(folder);
        Durable.WriteText(target, SweepReport.Html(sweep));
        return SweepReport.VerdictOf(sweep);
    }

    private static int Run(ReportRecipe recipe, CommandContext context)
    {
        Check(recipe, context);
        var target = recipe.To ?? Path.Combine(recipe.Run, "report.html");
        var verdict = Write(recipe.Run, target);
        if (context.Format == OutputFormat.Json) context.Output.WriteLine(JsonSerializer.Serialize(new { Report = target, Verdict = verdict }, JsonText.Lines));
        else context.Output.WriteLine($"{target}\n{verdict.Headline}");
        return 0;
    }

    private static void Check(ReportRecipe recipe, CommandContext context)
    {
        if (recipe.Run.Length == 0) throw new WrongUsageException("no run given; expected rlhf report runs/NAME");
        if (!Directory.Exists(recipe.Run)) throw new RlhfException($"{recipe.Run}: no such run directory; give the folder that a training command wrote, for example runs/demo");
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
