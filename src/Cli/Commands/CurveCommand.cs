using System.Text.Json;
using Rlhf.Cli.Cards;
using Rlhf.Cli.Curves;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Evaluation;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Runs;
using Rlhf.Reports;
using Rlhf.Reports.Charts;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf curve</c>: how much reward a run bought for how much drift, and where it stopped being real.</summary>
internal static class CurveCommand
{
    private const string Result = "curve.json";

    public static Command Create() => Command.For<Recipe>(StageNames.Curve, "Evaluates every checkpoint of runs: KL, proxy and gold reward, and which one to use.", Run, Check, WhenOutOfMemory) with
    {
        Positionals = ["curve.runs..."],
        Sections = [StageNames.Curve, "gold"],
        Interruption = Interruption.AfterCheckpoint,
        IsShared = true,
        Examples =
        [
            "rlhf curve recipe.yaml", "rlhf curve runs/demo curve.prompts=data/world/prompts.eval.parquet", "rlhf curve runs/demo/ppo runs/other/dpo out=runs/compared",
            "rlhf curve runs/demo curve.samples=16 --json",
        ],
    };

    /// <summary>Before the stages whose checkpoints it evaluates there is nothing to foresee.</summary>
    public static PipelineStage AsPart() => new(StageNames.Curve, recipe => recipe.Curve is not null, Run, (_, _) => { }, Decisive, WhenOutOfMemory);

    private static int Run(Recipe recipe, CommandContext context)
    {
        var inputs = CurveInputs.Of(recipe);
        var decisive = Decisive(recipe, inputs);
        var fingerprints = RunInputs.Of(Stage.Inputs(decisive));
        var machine = Machine.Of(recipe, context);
        RunAgreement.OnTheWork(machine.Job, decisive, Stage.Inputs(decisive));
        var isFirst = machine.Job.Rank == 0;
        if (isFirst) Prepare(recipe.Resume, inputs, context);
        using var held = isFirst ? RunLock.Take(inputs.Folder) : null;
        var (curve, samples) = new CurveWork(inputs, recipe, machine, context).Run();
        if (!isFirst) return 0;
        Write(inputs.Folder, curve, samples);
        RunFolder.Record(inputs.Folder, decisive, fingerprints);
        foreach (var final in inputs.Runs.Select(run => Path.Combine(run.Folder, RunFolder.Final)).Where(Directory.Exists)) ModelCards.Keep(final, context.Progress.Warn);
        Say(inputs.Folder, curve, context);
        return 0;
    }

    /// <summary>What of a recipe, and of the runs it names, decides this stage's results.</summary>
    private static Recipe Decisive(Recipe recipe) => Decisive(recipe, CurveInputs.Of(recipe));

    private static void Check(Recipe recipe, CommandContext context)
    {
        var inputs = CurveInputs.Of(recipe);
        context.Progress.Note($"{inputs.Runs.Sum(run => run.Policies().Count)} checkpoints of {inputs.Runs.Count} runs on {inputs.Prompts}, from {inputs.Reference}; results go to {inputs.Folder}");
    }

    private static Recipe Decisive(Recipe recipe, CurveInputs inputs) => recipe.Common() with { Gold = inputs.Gold, Curve = inputs.Resolved };

    private static string WhenOutOfMemory(Recipe recipe) =>
        new MemoryAdvice("curve.micro_batch_tokens", (recipe.Curve ?? new CurveRecipe()).MicroBatchTokens, MemoryAdvice.FewTokens).Afterwards;

    private static void Prepare(Resume resume, CurveInputs inputs, CommandContext context)
    {
        var isBegun = File.Exists(Path.Combine(inputs.Folder, Result)) || (Directory.Exists(inputs.Folder) && Directory.Exists(inputs.Cache));
        if (resume == Resume.Must && !isBegun) throw new RlhfException($"{inputs.Folder} holds no evaluation to resume; check out= and name=, or leave resume=must away");
        if (resume == Resume.Never && isBegun) RunFolder.MoveAside(inputs.Folder);
        if (resume == Resume.Never && Directory.Exists(inputs.Cache)) context.Progress.Warn($"curve.cache: what {inputs.Cache} holds is used with resume=never too, since other evaluations may share it; delete it to compute everything anew");
        Directory.CreateDirectory(inputs.Folder);
    }

    private static void Write(string folder, Curve curve, IReadOnlyList<EvaluatedSample> samples)
    {
        CurveCsv.Write(curve, Path.Combine(folder, "curve.csv"));
        CurveParquet.Write(curve, Path.Combine(folder, "curve.parquet"));
        Durable.WriteText(Path.Combine(folder, "curve.svg"), ChartRenderer.Standalone(CurveCharts.Overoptimisation(curve), ChartSize.Wide));
        Durable.WriteText(Path.Combine(folder, "samples.jsonl"), string.Concat(samples.Select(sample => JsonSerializer.Serialize(sample, JsonText.Lines) + "\n")));
        CurveJson.Write(curve, Path.Combine(folder, Result));
    }

    private static void Say(string folder, Curve curve, CommandContext context)
    {
        var verdict = Judge.Of(curve);
        if (context.Format == OutputFormat.Json)
        {
            context.Output.Write(CurveJson.Text(new JudgedCurve(folder, verdict, curve)));
            return;
        }

        CurveConsole.Write(curve, verdict, PlainConsole.On(context.Output));
        context.Progress.Note($"{StageNames.Curve}: done, in {folder}");
    }
}
