using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rlhf.Cli.Web.Http;
using Rlhf.Foundation;

namespace Rlhf.Cli.Web;

/// <summary>The server: a door, the pages, and what they ask for. It reads no settings but those it is given.</summary>
internal sealed class WebServer : IAsyncDisposable
{
    private const long LargestBody = 256 * 1024;
    private const int MostConnections = 1000;

    private static readonly Dictionary<string, string> s_pages = new() { ["/label"] = "label.html", ["/runs"] = "runs.html", ["/play"] = "play.html" };

    private readonly WebApplication _app;

    private WebServer(WebApplication app, string url) => (_app, Url) = (app, url);

    /// <summary>What to open in a browser, with the token where there is one.</summary>
    public string Url { get; }

    /// <param name="port">0: any that is free.</param>
    /// <param name="map">Adds what the pages ask for.</param>
    public static async Task<WebServer> Start(ServerAddress address, int port, RefusalLog log, Action<IEndpointRouteBuilder> map)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = LargestBody;
            options.Limits.MaxConcurrentConnections = MostConnections;
            options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
            options.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            options.Listen(new IPEndPoint(address.Ip, port));
        });
        builder.Services.AddRoutingCore();
        // Signals end the program as they end any: there is nothing to save that is not on disk.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        var app = builder.Build();
        var door = new Doorkeeper(address, log);
        app.Use(next => context => door.Pass(context, next));
        app.UseRouting();
        StaticPages.Map(app, s_pages);
        app.MapGet("/", context =>
        {
            context.Response.Redirect("/runs");
            return Task.CompletedTask;
        });
        map(app);
        app.UseEndpoints(_ => { });
        try
        {
            await app.StartAsync();
        }
        catch (Exception error) when (error is IOException or System.Net.Sockets.SocketException)
        {
            await app.DisposeAsync();
            throw new RlhfException($"port: {address.Ip}:{port} cannot be listened on ({error.Message}); choose another with port=…, or port=0 for any that is free", error);
        }

        var bound = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        return new WebServer(app, address.Url(bound));
    }

    public async ValueTask DisposeAsync()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(soon.Token);
        await _app.DisposeAsync();
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
