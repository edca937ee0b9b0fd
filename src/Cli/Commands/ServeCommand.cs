using System.Text.Json;
using Rlhf.Cli.Labels;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Cli.Web;
using Rlhf.Cli.Web.Http;
using Rlhf.Cli.Web.Labelling;
using Rlhf.Cli.Web.Playing;
using Rlhf.Cli.Web.Watching;
using Rlhf.Foundation.Files;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf serve</c>: pages to label pairs, watch runs and try models, on the user's own machine.</summary>
internal static class ServeCommand
{
    public static Command Create() => Command.For<ServeRecipe>("serve", "Serves pages to label pairs, watch runs and try models, until it is stopped.", Run, Check) with
    {
        Positionals = ["runs..."],
        Examples =
        [
            "rlhf serve runs",
            "rlhf serve label.pairs=pairs.jsonl label.file=labels.jsonl",
            "rlhf serve label.pairs=pairs.jsonl label.draw.policy=runs/demo/ppo/final label.draw.prompts=data/world/prompts.eval.parquet",
            "rlhf serve address=0.0.0.0 port=8080",
        ],
    };

    private static int Run(ServeRecipe recipe, CommandContext context)
    {
        Check(recipe, context);
        var board = new Lazy<LabelBoard>(() => Board(recipe, context));
        // With pairs to show, a file of labels that cannot be written is known before anybody labels.
        if (recipe.Label.Pairs.Length > 0) _ = board.Value;
        Serve(recipe, board, context).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task Serve(ServeRecipe recipe, Lazy<LabelBoard> board, CommandContext context)
    {
        var runs = new RunCatalogue(recipe.Runs, TimeProvider.System);
        using var shelf = new ModelShelf(new ModelPlaces(recipe.Play.Models, runs), () => Machine.Open(recipe.Play.Device), recipe.Play.Loaded);
        var log = new RefusalLog(context.Progress.Warn, TimeProvider.System);
        await using var server = await WebServer.Start(ServerAddress.Of(recipe.Address, recipe.Token), recipe.Port, log, app =>
        {
            new RunApi(runs, TimeProvider.System).Map(app);
            if (recipe.Label.Pairs.Length > 0) new LabelApi(board.Value).Map(app);
            new PlayApi(shelf, board).Map(app);
            new OpenAiApi(shelf, TimeProvider.System).Map(app);
        });
        context.Output.WriteLine(context.Format == OutputFormat.Json ? JsonSerializer.Serialize(new { server.Url }, JsonText.Lines) : server.Url);
        context.Output.Flush();
        await Task.Delay(Timeout.Infinite, context.Stop);
    }

    private static LabelBoard Board(ServeRecipe recipe, CommandContext context)
    {
        // The lock first: of two servers that were started together one alone draws.
        var file = LabelFile.Open(recipe.Label.File, context.Progress.Warn);
        try
        {
            if (recipe.Label.Draw is { } draw && !File.Exists(recipe.Label.Pairs)) PairFile.Write(recipe.Label.Pairs, PairDrawer.Draw(draw, context));
            return new LabelBoard(file, recipe.Label.Pairs.Length == 0 ? [] : PairFile.Read(recipe.Label.Pairs, context.Progress.Warn), recipe.Label.Overlap, TimeProvider.System);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void Check(ServeRecipe recipe, CommandContext context)
    {
        ServerAddress.Of(recipe.Address, recipe.Token);
        if (recipe.Label.Draw is { } draw) PairDrawer.Check(draw);
        else if (recipe.Label.Pairs.Length > 0) Stage.WantFile(recipe.Label.Pairs, "label.pairs");
        foreach (var folder in recipe.Play.Models) Stage.WantFolder(folder, "play.models");
    }
}
