using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Rlhf.Cli.Labels;
using Rlhf.Cli.Tests.Labels;
using Rlhf.Cli.Tests.Whole;

namespace Rlhf.Cli.Tests.Web;

/// <summary>A server that is killed over and over while clients label. scripts/check-labels.sh does it fifty times.</summary>
[Trait("Speed", "slow")]
public sealed class KilledServerTests : IDisposable
{
    private const int Clients = 8;

    private static readonly int s_kills = Given("RLHF_LABEL_KILLS", 4), s_posts = Given("RLHF_LABEL_POSTS", 160);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Kills_WhileEightClientsPost_EveryAcknowledgedLabelIsThereOnce()
    {
        PairFile.Write(_folder.At("pairs.jsonl"), Made.Pairs(s_posts / Clients));
        var port = FreePort();
        var acknowledged = 0;
        var clients = Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(() => Label(client, port, () => Interlocked.Increment(ref acknowledged)))));
        var kills = 0;
        while (!clients.IsCompleted)
        {
            using var server = new ProgramProcess(_folder.Path, "serve", $"port={port}", "label.pairs=pairs.jsonl", "label.file=labels.jsonl", "label.overlap=1");
            // A kill falls after so many more labels, anywhere in the work on those that the clients wait for then.
            var until = kills < s_kills ? acknowledged + Math.Max(1, (s_posts - acknowledged) / (s_kills - kills + 1) - Clients) : int.MaxValue;
            while (!clients.IsCompleted && acknowledged < until && !server.HasExited) await Task.Delay(1);
            if (server.HasExited) continue;
            server.Kill();
            kills++;
        }

        var kept = (await clients).SelectMany(ids => ids).ToArray();
        Assert.Equal(s_posts, kept.Length);
        Assert.True(kills >= s_kills, $"{kills} kills");
        var entries = LabelFile.Read(_folder.At("labels.jsonl"));
        Assert.Equal(kept.Order(), entries.Select(entry => entry.Id).Order());
        Assert.Equal(s_posts, entries.Select(entry => (entry.Annotator, entry.Pair)).Distinct().Count());
    }

    /// <summary>Labels until there is nothing left, asking again with the same id where no answer comes.</summary>
    private static async Task<List<string>> Label(int client, int port, Action acknowledge)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(20) };
        var ids = new List<string>();
        var patience = Stopwatch.StartNew();
        var view = await Again(() => http.GetAsync($"/api/label/next?annotator=client{client}"));
        while (view["pair"] is { } pair)
        {
            var id = Guid.NewGuid().ToString("N");
            view = await Again(() => http.PostAsJsonAsync("/api/label/answers", new { id, annotator = $"client{client}", pair = (string)pair["id"]!, answer = "left", note = new string('n', 500) }));
            ids.Add(id);
            acknowledge();
        }

        return ids;

        async Task<JsonNode> Again(Func<Task<HttpResponseMessage>> ask)
        {
            while (true)
            {
                try
                {
                    using var response = await ask();
                    var body = await response.Content.ReadAsStringAsync();
                    Assert.True(response.IsSuccessStatusCode, body);
                    patience.Restart();
                    return JsonNode.Parse(body)!;
                }
                catch (Exception gone) when (gone is HttpRequestException or IOException or TaskCanceledException && patience.Elapsed < TimeSpan.FromSeconds(60))
                {
                    await Task.Delay(20);
                }
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static int Given(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
