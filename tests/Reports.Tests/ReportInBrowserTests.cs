using System.Text.Json.Nodes;

namespace Rlhf.Reports.Tests;

[Trait("Speed", "slow")]
public sealed class ReportInBrowserTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("report").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Report_InChromium_LoadsWithoutErrorWithoutNetworkAndFits()
    {
        Assert.SkipUnless(Browser.Program is not null, Browser.Reason);
        var path = Given("RLHF_REPORT") ?? MadeUp();
        await using var browser = await Browser.Start();
        await browser.Send("Emulation.setScriptExecutionDisabled", new JsonObject { ["value"] = true });

        foreach (var width in new[] { 400, 800, 1400 })
            foreach (var scheme in new[] { "light", "dark" })
            {
                await browser.Send("Emulation.setDeviceMetricsOverride", new JsonObject { ["width"] = width, ["height"] = 900, ["deviceScaleFactor"] = 1, ["mobile"] = false });
                await browser.Send("Emulation.setEmulatedMedia", new JsonObject { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme }) });
                await browser.Load(path);
                var where = $"{width} px, {scheme}";
                if (Given("RLHF_SCREENSHOTS") is { } shots) await browser.Screenshot(Path.Combine(Directory.CreateDirectory(shots).FullName, $"{width}-{scheme}.png"));
                Assert.Equal([], Problems(browser));
                Assert.Equal([new Uri(path).AbsoluteUri], Requests(browser));
                Assert.True((bool)(await browser.Evaluate("document.documentElement.scrollWidth <= innerWidth"))!, $"{where}: the page is wider than the window");
                Assert.Equal("", (string?)await browser.Evaluate(Overlaps));
                Assert.Equal("", (string?)await browser.Evaluate(OutsideTheirChart));
                Assert.True((double)(await browser.Evaluate(SmallestText))! >= 9.5, $"{where}: text below 9.5 px");
                Assert.Equal(scheme == "dark" ? "rgb(14, 17, 22)" : "rgb(244, 246, 249)", (string?)await browser.Evaluate("getComputedStyle(document.body).backgroundColor"));
            }
    }

    [Fact]
    public async Task Report_WithHostileText_RunsNothing()
    {
        Assert.SkipUnless(Browser.Program is not null, Browser.Reason);
        const string hostile = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"><style>body{display:none}</style>";
        FakeRun.Write(_folder, steps: 10);
        var text = System.Text.Json.JsonSerializer.Serialize(hostile);
        File.WriteAllText(Path.Combine(_folder, "ppo", "samples.jsonl"), $"{{\"step\":1,\"prompt\":{text},\"response\":{text},\"tokens\":[{text}],\"token_kl\":[2]}}\n");
        var path = Path.Combine(_folder, "report.html");
        File.WriteAllText(path, RunReport.Html(RunReader.Read(_folder)));
        await using var browser = await Browser.Start();
        await browser.Load(path);
        Assert.Equal(Path.GetFileName(_folder), (string?)await browser.Evaluate("document.title"));
        Assert.Equal(0, (int)(await browser.Evaluate("document.images.length + document.scripts.length"))!);
        Assert.Equal(hostile, (string?)await browser.Evaluate("document.querySelector('.samples .text').textContent"));
        Assert.Equal([], Problems(browser));
    }

    /// <summary>A path that scripts/check-report.sh gives: of a report of a real run, of a folder for pictures of it.</summary>
    private static string? Given(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } path ? Path.GetFullPath(path) : null;

    private string MadeUp()
    {
        FakeRun.Write(_folder);
        var path = Path.Combine(_folder, "report.html");
        File.WriteAllText(path, RunReport.Html(RunReader.Read(_folder)));
        return path;
    }

    // Pairs of texts of one visible chart that cover each other.
    private const string Overlaps = """
        [...document.querySelectorAll('.plot svg')].filter(svg => svg.getBoundingClientRect().width > 0).flatMap(svg => {
          const texts = [...svg.querySelectorAll('text')].map(t => ({ t: t.textContent, r: t.getBoundingClientRect() }));
          return texts.flatMap((a, i) => texts.slice(i + 1)
            .filter(b => Math.min(a.r.right, b.r.right) - Math.max(a.r.left, b.r.left) > 1 && Math.min(a.r.bottom, b.r.bottom) - Math.max(a.r.top, b.r.top) > 4)
            .map(b => svg.querySelector('title').textContent + ': ' + a.t + ' | ' + b.t));
        }).join('; ')
        """;

    private const string OutsideTheirChart = """
        [...document.querySelectorAll('.plot svg')].filter(svg => svg.getBoundingClientRect().width > 0).flatMap(svg => {
          const box = svg.getBoundingClientRect();
          return [...svg.querySelectorAll('text')].filter(t => { const r = t.getBoundingClientRect(); return r.left < box.left - 1 || r.right > box.right + 1 || r.top < box.top - 1 || r.bottom > box.bottom + 1; })
            .map(t => svg.querySelector('title').textContent + ': ' + t.textContent);
        }).join('; ')
        """;

    private const string SmallestText = """
        Math.min(...[...document.querySelectorAll('.plot svg')].filter(svg => svg.getBoundingClientRect().width > 0)
          .map(svg => 12 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width))
        """;

    private static string[] Problems(Browser browser) =>
        [.. browser.Events.Where(e => (string?)e["method"] is "Log.entryAdded" or "Runtime.consoleAPICalled" or "Runtime.exceptionThrown" or "Network.loadingFailed").Select(e => e.ToJsonString())];

    private static string[] Requests(Browser browser) =>
        [.. browser.Events.Where(e => (string?)e["method"] == "Network.requestWillBeSent").Select(e => (string)e["params"]!["request"]!["url"]!).Where(url => !url.StartsWith("data:", StringComparison.Ordinal))];
}
