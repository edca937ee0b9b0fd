using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Rlhf.Cli.Labels;
using Rlhf.Cli.Tests.Labels;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Cli.Web.Http;
using Rlhf.Cli.Web.Labelling;
using Rlhf.Cli.Web.Watching;
using Rlhf.Foundation;

namespace Rlhf.Cli.Tests.Web;

public sealed class WebServerTests : IDisposable
{
    private const string Token = "0123456789abcdef0123";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("/label", "text/html")]
    [InlineData("/runs", "text/html")]
    [InlineData("/play", "text/html")]
    [InlineData("/assets/page.js", "text/javascript")]
    [InlineData("/assets/page.css", "text/css")]
    [InlineData("/assets/colours.css", "text/css")]
    public async Task Get_PageOrPart_ComesWithAPolicyThatLetsNothingElseIn(string path, string type)
    {
        await using var server = await Start();

        using var response = await server.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Theory]
    [InlineData("/assets/../../../../etc/passwd")]
    [InlineData("/assets/..%2f..%2f..%2fetc%2fpasswd")]
    [InlineData("/assets/label.html")]
    [InlineData("/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/api/runs/metrics?run=../../etc&names=kl")]
    [InlineData("/api/runs/samples?run=%2e%2e%2f%2e%2e%2fetc")]
    [InlineData("/api/runs/metrics?run=/etc&names=kl")]
    [InlineData("/nowhere")]
    public async Task Get_WhatIsNotServed_IsRefusedInOneLine(string path)
    {
        await using var server = await Start();

        var (status, body) = await server.Send(HttpMethod.Get, path);

        Assert.True(status is HttpStatusCode.NotFound or HttpStatusCode.Conflict or HttpStatusCode.BadRequest, $"{status}");
        Assert.DoesNotContain("root:", body, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', Assert.Single(server.Said));
    }

    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Host", "evil.example")]
    public async Task Request_OfAnotherOriginOrForAnotherName_IsRefused(string header, string value)
    {
        await using var server = await Start();

        var (status, _) = await server.Send(HttpMethod.Post, "/api/label/answers", "{}", headers: (header, value));

        Assert.True(status is HttpStatusCode.Forbidden or HttpStatusCode.MisdirectedRequest, $"{status}");
        Assert.Empty(LabelFile.Read(_folder.At("labels.jsonl")));
    }

    [Theory]
    [InlineData("application/json", "{", 400)]
    [InlineData("application/json", "null", 400)]
    [InlineData("application/json", "{\"id\":\"1\",\"annotator\":\"ann\",\"pair\":\"x\",\"answer\":\"best\"}", 400)]
    [InlineData("application/json", "{\"id\":\"a b\",\"annotator\":\"ann\",\"pair\":\"x\",\"answer\":\"left\"}", 400)]
    [InlineData("application/json", "{\"id\":\"1\",\"annotator\":\"\",\"pair\":\"x\",\"answer\":\"left\"}", 400)]
    [InlineData("application/json", "{\"id\":\"1\",\"annotator\":\"ann\",\"pair\":\"x\",\"answer\":\"left\"}", 409)]
    [InlineData("application/json", "{\"id\":\"1\",\"annotator\":\"ann\",\"pair\":\"x\",\"answer\":\"left\",\"strength\":9}", 400)]
    [InlineData("text/plain", "{\"id\":\"1\",\"annotator\":\"ann\",\"pair\":\"x\",\"answer\":\"left\"}", 415)]
    public async Task Post_BodyThatIsWrong_IsRefusedAndNothingIsKept(string type, string body, int expected)
    {
        await using var server = await Start();

        var (status, answer) = await server.Send(HttpMethod.Post, "/api/label/answers", body, type);

        Assert.Equal(expected, (int)status);
        Assert.Contains("\"error\":{\"message\":", answer, StringComparison.Ordinal);
        Assert.Empty(LabelFile.Read(_folder.At("labels.jsonl")));
        Assert.Single(server.Said);
    }

    [Fact]
    public async Task Post_BodyOfAMebibyte_IsRefused()
    {
        await using var server = await Start();

        // Asked first whether the body may come: else the connection may end while it is on its way.
        var (status, _) = await server.Send(HttpMethod.Post, "/api/label/answers", $"{{\"note\":\"{new string('x', 1 << 20)}\"}}", headers: ("Expect", "100-continue"));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
    }

    [Fact]
    public async Task Token_MissingOrWrong_IsRefused_RightOneInAddressBecomesACookie()
    {
        await using var server = await Start(Token);
        Assert.EndsWith($"/?token={Token}", server.Url, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Send(HttpMethod.Get, "/api/runs")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Send(HttpMethod.Get, "/api/runs", headers: ("Authorization", "Bearer wrong"))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Send(HttpMethod.Get, $"/runs?token={Token}x")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Send(HttpMethod.Post, $"/api/runs/stop?token={Token}", "{}")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.Send(HttpMethod.Get, "/api/runs", headers: ("Authorization", $"Bearer {Token}"))).Status);

        using var response = await server.Client.GetAsync(new Uri($"{server.Address}/evil.example/runs?token={Token}"));
        using var redirect = await server.Client.GetAsync($"/runs?token={Token}");
        Assert.Equal("/runs", redirect.Headers.Location?.OriginalString);
        Assert.False(response.Headers.Location?.OriginalString.StartsWith("//", StringComparison.Ordinal) ?? false);
        var cookie = redirect.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.OK, (await server.Send(HttpMethod.Get, "/runs", headers: ("Cookie", cookie.Split(';')[0]))).Status);
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("localhost", false)]
    [InlineData("::1", false)]
    [InlineData("0.0.0.0", true)]
    [InlineData("192.0.2.7", true)]
    public void Address_BeyondThisMachine_HasATokenThatIsMade(string address, bool hasToken) => Assert.Equal(hasToken, ServerAddress.Of(address, "").Token is { Length: 32 });

    [Fact]
    public void Address_ThatIsNone_OrShortToken_IsRefused()
    {
        Assert.Contains("expected an IP address", Assert.Throws<RlhfException>(() => ServerAddress.Of("here", "")).Message, StringComparison.Ordinal);
        Assert.Contains("expected at least 16", Assert.Throws<RlhfException>(() => ServerAddress.Of("127.0.0.1", "short")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ManyConnectionsAtOnce_AreBoundedAndTheServerLives()
    {
        const int Many = 10_000;
        await using var server = await Start();
        var sockets = new List<Socket>();
        try
        {
            for (var i = 0; i < Many; i++)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port);
            }

            // The server closes what is beyond its bound: such a socket can be read to its end.
            var closed = 0;
            for (var waited = Stopwatch.StartNew(); closed < Many - 1050 && waited.Elapsed < TimeSpan.FromSeconds(30); await Task.Delay(100)) closed = sockets.Count(socket => socket.Poll(0, SelectMode.SelectRead));
            Assert.InRange(closed, Many - 1050, Many - 950);
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }

        await Task.Delay(200);
        Assert.Equal(HttpStatusCode.OK, (await server.Send(HttpMethod.Get, "/label")).Status);
    }

    [Fact]
    public async Task RawBytesThatAreNoHttp_AreRefusedAndTheServerLives()
    {
        await using var server = await Start();
        foreach (var bytes in new[] { "GET / HTTP/9.9\r\n\r\n", "\0\u0001\u0002\u0003", $"GET /{new string('a', 40_000)} HTTP/1.1\r\nHost: x\r\n\r\n", "POST /api/label/answers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: -5\r\n\r\n" })
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port);
            await socket.SendAsync(Encoding.Latin1.GetBytes(bytes));
            socket.Shutdown(SocketShutdown.Send);
            var buffer = new byte[4096];
            while (await socket.ReceiveAsync(buffer) > 0) { }
        }

        Assert.Equal(HttpStatusCode.OK, (await server.Send(HttpMethod.Get, "/label")).Status);
    }

    [Fact]
    public void Serve_PortInUse_SaysSoInOneLine()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        var ending = ProgramProcess.Run(_folder.Path, "serve", $"port={((IPEndPoint)taken.LocalEndpoint).Port}");

        Assert.Equal((1, ""), (ending.Code, ending.Output));
        Assert.Matches(@"^rlhf serve: port: 127\.0\.0\.1:\d+ cannot be listened on \(.*\); choose another with port=…, or port=0 for any that is free\n$", ending.Error);
    }

    private Task<RunningServer> Start(string token = "") => RunningServer.Start(app =>
    {
        new LabelApi(new LabelBoard(LabelFile.Open(_folder.At("labels.jsonl"), _ => { }), Made.Pairs(3), 0.1, TimeProvider.System)).Map(app);
        new RunApi(new RunCatalogue([_folder.At("runs")], TimeProvider.System), TimeProvider.System).Map(app);
    }, token);
}
