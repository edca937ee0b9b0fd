using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlhf.Reports.Tests;

/// <summary>Headless Chromium, spoken to over its debugging protocol.</summary>
internal sealed class Browser : IAsyncDisposable
{
    public const string Reason = "Chromium is not installed (apt-get install chromium)";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly string _profile;
    private readonly ClientWebSocket _socket;
    private int _lastId;

    private Browser(Process process, string profile, ClientWebSocket socket) => (_process, _profile, _socket) = (process, profile, socket);

    public static string? Program { get; } = new[] { "chromium", "chromium-browser", "google-chrome" }
        .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    /// <summary>Events that came in, in order.</summary>
    public List<JsonObject> Events { get; } = [];

    public static async Task<Browser> Start()
    {
        var profile = Directory.CreateTempSubdirectory("browser").FullName;
        var process = Process.Start(new ProcessStartInfo(Program!,
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", $"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank",
        ]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var port = await Port(Path.Combine(profile, "DevToolsActivePort"));
        using var http = new HttpClient();
        var pages = JsonNode.Parse(await http.GetStringAsync($"http://127.0.0.1:{port}/json/list"))!.AsArray();
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri((string)pages.First(page => (string)page!["type"]! == "page")!["webSocketDebuggerUrl"]!), CancellationToken.None);
        return new Browser(process, profile, socket);
    }

    /// <summary>Loads a file and waits until it is loaded.</summary>
    public async Task Load(string path)
    {
        Events.Clear();
        foreach (var domain in new[] { "Page", "Network", "Log", "Runtime" }) await Send($"{domain}.enable");
        await Send("Page.navigate", new JsonObject { ["url"] = new Uri(path).AbsoluteUri });
        while (Events.All(e => (string?)e["method"] != "Page.loadEventFired")) await Receive();
    }

    public async Task<JsonObject> Send(string method, JsonObject? parameters = null)
    {
        var id = ++_lastId;
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] };
        using var patience = new CancellationTokenSource(s_patience);
        await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, true, patience.Token);
        while (true)
            if (await Receive() is { } answer && (int?)answer["id"] == id)
                return answer["result"]?.AsObject() ?? throw new InvalidOperationException($"{method}: {answer["error"]}");
    }

    /// <summary>The value of a JavaScript expression in the page.</summary>
    public async Task<JsonNode?> Evaluate(string expression)
    {
        var result = await Send("Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true });
        return result["exceptionDetails"] is { } thrown ? throw new InvalidOperationException(thrown.ToJsonString()) : result["result"]!["value"];
    }

    /// <summary>A picture of the whole page.</summary>
    public async Task Screenshot(string path) =>
        await File.WriteAllBytesAsync(path, Convert.FromBase64String((string)(await Send("Page.captureScreenshot", new JsonObject { ["captureBeyondViewport"] = true }))["data"]!));

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        for (var attempt = 0; attempt < 20 && Directory.Exists(_profile); attempt++)
        {
            try
            {
                Directory.Delete(_profile, recursive: true);
            }
            catch (IOException)   // a helper process is still writing
            {
                await Task.Delay(100);
            }
        }
    }

    private async Task<JsonObject> Receive()
    {
        using var patience = new CancellationTokenSource(s_patience);
        using var text = new MemoryStream();
        var buffer = new byte[1 << 16];
        ValueWebSocketReceiveResult part;
        do
        {
            part = await _socket.ReceiveAsync(buffer.AsMemory(), patience.Token);
            text.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        var message = JsonNode.Parse(text.ToArray())!.AsObject();
        if (message["method"] is not null) Events.Add(message);
        return message;
    }

    private static async Task<string> Port(string file)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < s_patience; await Task.Delay(50))
            if (File.Exists(file) && (await File.ReadAllLinesAsync(file)) is [{ Length: > 0 } port, _, ..])
                return port;
        throw new TimeoutException("Chromium did not open its debugging port");
    }
}
