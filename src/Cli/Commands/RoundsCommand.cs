using System.Globalization;
using System.Text.Json;
using Rlhf.Cli.Labels;
using Rlhf.Cli.Rounds;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Cli.Web;
using Rlhf.Cli.Web.Http;
using Rlhf.Cli.Web.Labelling;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Runs;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf rounds</c>: pairs of the present policy, labels, reward model, PPO, curve, and again with the better policy.</summary>
internal static class RoundsCommand
{
    private static readonly string[] s_shared = [StageNames.Tokenizer, StageNames.Sft];
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    public static Command Create() => Command.For<Recipe>("rounds", "Round after round: pairs of the present policy, labels, reward model, PPO, curve; reports what labels buy.", Run, Check) with
    {
        Sections = ["rounds"],
        Interruption = Interruption.AfterCheckpoint,
        Examples = ["rlhf rounds data/recipes/rounds.yaml", "rlhf rounds data/recipes/rounds.yaml rounds.labeller=null rounds.pairs=50 out=runs/mine"],
    };

    private static int Run(Recipe recipe, CommandContext context)
    {
        Check(recipe, context);
        var quiet = context with { Output = TextWriter.Null };
        foreach (var stage in Pipeline.Of(recipe).Where(stage => s_shared.Contains(stage.Name))) stage.Run(recipe, quiet);
        IReadOnlyList<RoundResult> results = [];
        new RoundRunner(recipe, context, (round, stage) => Pipeline.Named(stage)!.Run(round, quiet), board => AskPeople(board, recipe.Rounds!, context)).Run(done =>
        {
            results = [.. done];
            RoundResult.Write(recipe.Folder, results);
            Durable.WriteText(Path.Combine(recipe.Folder, "report.html"), RoundsReport.Html(recipe.Name, results));
        });
        foreach (var result in results)
            context.Output.WriteLine(context.Format == OutputFormat.Json ? JsonSerializer.Serialize(result, JsonText.Lines)
                : string.Create(CultureInfo.InvariantCulture, $"round {result.Round}: {result.Labels} labels, gold {result.Gold?.Value:0.000} (reference {result.Reference?.Value:0.000}), KL {result.Kl:0.0} nats"));
        context.Progress.Note($"{Path.Combine(recipe.Folder, "report.html")}: {RoundsReport.VerdictOf(results).Headline}");
        return 0;
    }

    /// <summary>Serves the page Label until every pair has an answer, a skip included.</summary>
    private static void AskPeople(LabelBoard board, RoundsRecipe rounds, CommandContext context) => Ask(board, rounds, context).GetAwaiter().GetResult();

    private static async Task Ask(LabelBoard board, RoundsRecipe rounds, CommandContext context)
    {
        await using var server = await WebServer.Start(ServerAddress.Of(rounds.Address, ""), rounds.Port, new RefusalLog(context.Progress.Warn, TimeProvider.System), new LabelApi(board).Map);
        context.Progress.Note($"{board.Unanswered().Length} pairs wait for answers at {server.Url.Replace("/?", "/label?", StringComparison.Ordinal).TrimEnd('/')}{(server.Url.Contains('?', StringComparison.Ordinal) ? "" : "/label")}");
        while (board.Unanswered().Length > 0)
        {
            if (context.Stop.IsCancellationRequested) throw new InterruptedException("stopped; the labels so far are kept, and the same command goes on");
            await Task.Delay(s_look);
        }
    }

    private static void Check(Recipe recipe, CommandContext context)
    {
        if (recipe.Rounds is null || recipe.Reward is null || recipe.Ppo is null || recipe.Curve is null) throw new WrongUsageException("rounds are made of the sections rounds, reward, ppo and curve; the recipe lacks one of them");
        if (recipe.Rounds.Prompts.Length > 0) Stage.WantFile(recipe.Rounds.Prompts, "rounds.prompts");
        Stage.WantFile(recipe.Ppo.Prompts, "ppo.prompts");
        ServerAddress.Of(recipe.Rounds.Address, "");
    }
}
