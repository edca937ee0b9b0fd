using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Rlhf.Cli.Web;
using Rlhf.Cli.Web.Http;

namespace Rlhf.Cli.Tests.Web;

/// <summary>The server inside the test, a client of it, and what it said of refusals.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly WebServer _server;
    private readonly List<string> _said;

    private RunningServer(WebServer server, List<string> said)
    {
        (_server, _said) = (server, said);
        Client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address };
    }

    public HttpClient Client { get; }

    public string Url => _server.Url;

    /// <summary>Without the token.</summary>
    public Uri Address => new(_server.Url.Split('?')[0]);

    public string[] Said
    {
        get
        {
            lock (_said) return [.. _said];
        }
    }

    public static async Task<RunningServer> Start(Action<IEndpointRouteBuilder> map, string token = "")
    {
        var said = new List<string>();
        var log = new RefusalLog(line =>
        {
            lock (said) said.Add(line);
        }, TimeProvider.System);
        return new RunningServer(await WebServer.Start(ServerAddress.Of("127.0.0.1", token), 0, log, map), said);
    }

    public async Task<JsonNode> Get(string path)
    {
        using var response = await Client.GetAsync(new Uri(path, UriKind.Relative));
        return await Body(response);
    }

    public async Task<JsonNode> Post(string path, object body)
    {
        using var response = await Client.PostAsJsonAsync(path, body);
        return await Body(response);
    }

    public async Task<(HttpStatusCode Status, string Body)> Send(HttpMethod method, string path, string? body = null, string type = "application/json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, type);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Client.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
    }

    private static async Task<JsonNode> Body(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {text}");
        return JsonNode.Parse(text) ?? throw new JsonException("null");
    }
}
