using System.Diagnostics;
using System.Text.Json;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Foundation.Files;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf demo</c>: every stage of a recipe, the shipped one by default, then the report and a closing summary.</summary>
internal static class DemoCommand
{
    public static Command Create() => Command.For<Recipe>("demo", "Runs the whole pipeline on shipped data and reports: tokenizer, SFT, reward model, PPO, curve.", Run, Foresee) with
    {
        ShippedRecipe = "demo.yaml",
        Interruption = Interruption.AfterCheckpoint,
        Examples = ["rlhf demo", "rlhf demo device=cuda out=runs/second seed=2", "rlhf demo recipe.yaml"],
    };

    private static int Run(Recipe recipe, CommandContext context)
    {
        Check(recipe);
        var watch = Stopwatch.StartNew();
        Pipeline.Run(recipe, context);
        var report = Path.Combine(recipe.Folder, "report.html");
        var verdict = ReportCommand.Write(recipe.Folder, report, "out");
        context.Progress.End();
        var summary = ClosingSummary.Of(recipe.Folder, report, verdict, watch.Elapsed.TotalSeconds);
        if (context.Format == OutputFormat.Json) context.Output.WriteLine(JsonSerializer.Serialize(summary, JsonText.Lines));
        else summary.Write(context.Output);
        return 0;
    }

    private static void Foresee(Recipe recipe, CommandContext context)
    {
        Check(recipe);
        Pipeline.Foresee(recipe, context);
    }

    private static void Check(Recipe recipe)
    {
        if (Pipeline.Of(recipe).Count == 0) throw new WrongUsageException("the recipe has no section of a stage; expected tokenizer, sft, reward, ppo or dpo");
        Machine.DeviceOf(recipe.Device);
    }
}
