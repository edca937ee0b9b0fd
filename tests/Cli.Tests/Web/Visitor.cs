using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Rlhf.Cli.Tests.Web;

/// <summary>Somebody with a browser: Debian's Chromium, driven by Playwright, who notes what goes wrong.</summary>
internal sealed class Visitor : IAsyncDisposable
{
    public const string Reason = Rlhf.Reports.Tests.Browser.Reason;

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly Uri _home;

    private Visitor(IPlaywright playwright, IBrowser browser, IPage page, Uri home)
    {
        (_playwright, _browser, Page, _home) = (playwright, browser, page, home);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") Wrong.Add($"console: {message.Text}");
        };
        page.PageError += (_, error) => Wrong.Add($"script: {error}");
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith("data:", StringComparison.Ordinal) && !request.Url.StartsWith(home.ToString(), StringComparison.Ordinal)) Wrong.Add($"request: {request.Url}");
        };
    }

    public static bool IsOffered => Rlhf.Reports.Tests.Browser.Program is not null;

    public IPage Page { get; }

    /// <summary>Errors of the console and of scripts, and requests to elsewhere.</summary>
    public List<string> Wrong { get; } = [];

    public static async Task<Visitor> Come(Uri home, ColorScheme scheme = ColorScheme.Light, int width = 1400)
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Rlhf.Reports.Tests.Browser.Program, Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
        var context = await browser.NewContextAsync(new BrowserNewContextOptions { ColorScheme = scheme, ViewportSize = new ViewportSize { Width = width, Height = 900 } });
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(20_000);
        return new Visitor(playwright, browser, page, home);
    }

    public Task Open(string path) => Page.GotoAsync(new Uri(_home, path).ToString());

    /// <summary>Looks at the page light and dark, narrow and wide: nothing wider than its window, nothing that axe calls serious.</summary>
    /// <param name="name">Of the pictures, where somebody wants to see them.</param>
    public async Task Look(string name)
    {
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
            foreach (var width in new[] { 400, 1400 })
            {
                await Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
                await Page.SetViewportSizeAsync(width, 900);
                await Page.WaitForTimeoutAsync(150);
                if (Environment.GetEnvironmentVariable("RLHF_SCREENSHOTS") is { Length: > 0 } folder)
                    await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Directory.CreateDirectory(folder).FullName, $"{name}-{scheme}-{width}.png"), FullPage = true });
                Assert.True(await Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), $"{name}, {scheme}, {width}: the page is wider than its window");
                AxeResult found = await Page.RunAxe();
                Assert.Empty(found.Violations.Where(violation => violation.Impact is "serious" or "critical").Select(violation => $"{name}, {scheme}, {width}: {violation.Id}: {string.Join("; ", violation.Nodes.Select(node => node.Html))}"));
            }
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
