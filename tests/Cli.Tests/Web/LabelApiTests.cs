using System.Net;
using Rlhf.Cli.Labels;
using Rlhf.Cli.Tests.Labels;
using Rlhf.Cli.Web.Labelling;

namespace Rlhf.Cli.Tests.Web;

public sealed class LabelApiTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LabelBoard _board;

    public LabelApiTests() => _board = new LabelBoard(LabelFile.Open(_folder.At("labels.jsonl"), _ => { }), Made.Pairs(30), 0.5, TimeProvider.System);

    public void Dispose()
    {
        _board.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Answers_OfTwoAnnotators_AreKeptUndoneAndExported()
    {
        await using var server = await RunningServer.Start(new LabelApi(_board).Map);
        foreach (var name in new[] { "ann", "bob" })
        {
            var view = await server.Get($"/api/label/next?annotator={name}");
            for (var i = 0; view["pair"] is { } pair; i++)
                view = await server.Post("/api/label/answers", new { id = $"{name}{i}", annotator = name, pair = (string)pair["id"]!, answer = i % 5 == 4 ? "tie" : "left", strength = 2, seconds = 3.5, note = "because" });
        }

        var undone = await server.Post("/api/label/undo", new { id = "undo", annotator = "ann" });

        Assert.True((bool)undone["undone"]!);
        Assert.NotNull(undone["pair"]);
        var agreement = await server.Get("/api/label/agreement");
        Assert.Equal(["ann", "bob"], agreement["annotators"]!.AsArray().Select(one => (string)one!["name"]!));
        Assert.InRange((int)agreement["compared"]!, 5, 25);
        using var pairs = await server.Client.GetAsync("/api/label/pairs.jsonl");
        var lines = (await pairs.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(_board.Standing().Count(label => label.Answer is Answer.First or Answer.Second), lines.Length);
        Assert.All(lines, line => Assert.Contains("\"margin\":0.66", line, StringComparison.Ordinal));
        using var parquet = await server.Client.GetAsync("/api/label/pairs.parquet");
        Assert.Equal("PAR1"u8.ToArray(), (await parquet.Content.ReadAsByteArrayAsync())[..4]);
    }

    [Fact]
    public async Task Answers_FromManyAtOnce_AreAllKeptAndNoPairTwice()
    {
        await using var server = await RunningServer.Start(new LabelApi(_board).Map);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async one =>
        {
            for (var i = 0; (await server.Get($"/api/label/next?annotator=a{one}"))["pair"] is { } pair; i++)
                await server.Post("/api/label/answers", new { id = $"{one}-{i}", annotator = $"a{one}", pair = (string)pair["id"]!, answer = "right" });
        }));

        var entries = LabelFile.Read(_folder.At("labels.jsonl"));
        Assert.Equal(entries.Count, entries.Select(entry => entry.Id).Distinct().Count());
        Assert.All(entries.GroupBy(entry => entry.Pair), one => Assert.True(one.Count() is 1 or 6));
        Assert.Equal(30, entries.Select(entry => entry.Pair).Distinct().Count());
    }

    [Fact]
    public async Task Export_BeforeThereIsAnything_IsRefusedWithAReason()
    {
        await using var server = await RunningServer.Start(new LabelApi(_board).Map);
        var (status, body) = await server.Send(HttpMethod.Get, "/api/label/pairs.jsonl");
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("there is no preference yet", body, StringComparison.Ordinal);
    }
}
