using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Rlhf.Cli.Labels;
using Rlhf.Cli.Web.Http;

namespace Rlhf.Cli.Web.Labelling;

/// <summary>What the page Label asks for.</summary>
internal sealed class LabelApi(LabelBoard board)
{
    private const int LongestName = 40, LongestNote = 2000, LongestId = 64, MostStrength = 3;

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/api/label/next", context => Json.Write(context, View(Name(Json.Query(context, "annotator")))));
        app.MapPost("/api/label/answers", Answer);
        app.MapPost("/api/label/undo", Undo);
        app.MapGet("/api/label/agreement", context => Json.Write(context, Agreement.Of(board.Standing())));
        app.MapGet("/api/label/pairs.jsonl", context => Export(context, "pairs.jsonl", "application/jsonl"));
        app.MapGet("/api/label/pairs.parquet", context => Export(context, "pairs.parquet", "application/vnd.apache.parquet"));
    }

    private async Task Answer(HttpContext context)
    {
        var given = Checked(await Json.Read<GivenAnswer>(context));
        board.Take(given);
        await Json.Write(context, View(given.Annotator));
    }

    private async Task Undo(HttpContext context)
    {
        var asked = await Json.Read<UndoRequest>(context);
        var undone = board.Undo(Id(asked.Id), Name(asked.Annotator));
        await Json.Write(context, View(asked.Annotator) with { Undone = undone });
    }

    private async Task Export(HttpContext context, string name, string type)
    {
        var folder = Directory.CreateTempSubdirectory("rlhf-pairs-");
        try
        {
            var path = Path.Combine(folder.FullName, name);
            LabelledPairs.Write(path, board.Standing());
            context.Response.ContentType = type;
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
            await context.Response.SendFileAsync(path, context.RequestAborted);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private LabelView View(string annotator) => new(board.Next(annotator) is { } shown
        ? new ShownPair(shown.Pair.Id, shown.Pair.Prompt, shown.Pair.Of(shown.Left), shown.Pair.Of(shown.Right))
        : null, board.Progress(annotator));

    private static GivenAnswer Checked(GivenAnswer given)
    {
        Id(given.Id);
        Name(given.Annotator);
        if (given.Pair is null) throw Bad("the answer names no pair");
        if (!Enum.IsDefined(given.Answer)) throw Bad("an answer is left, right, tie or skip");
        if (given.Strength is < 1 or > MostStrength) throw Bad($"strength: expected 1 to {MostStrength}");
        if (given.Note?.Length > LongestNote) throw Bad($"note: expected at most {LongestNote} characters");
        if (given.Seconds is { } seconds && !(seconds >= 0 && seconds < 1e6)) throw Bad("seconds: expected a number that is not negative");
        return given;
    }

    private static string Id(string? id) => id is { Length: > 0 and <= LongestId } && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? id : throw Bad($"id: expected 1 to {LongestId} letters, digits and hyphens");

    private static string Name(string? name) => name is { Length: > 0 and <= LongestName } && name.Trim() == name && !name.Any(char.IsControl) ? name : throw Bad($"annotator: expected a name of 1 to {LongestName} characters");

    private static RefusedException Bad(string why) => new(StatusCodes.Status400BadRequest, why);

    private sealed record UndoRequest(string Id, string Annotator);

    private sealed record ShownPair(string Id, string Prompt, string Left, string Right);

    /// <param name="Pair">Null where the annotator has answered all.</param>
    private sealed record LabelView(ShownPair? Pair, LabelProgress Progress)
    {
        /// <summary>Whether there was an answer to take back.</summary>
        public bool? Undone { get; init; }
    }
}
