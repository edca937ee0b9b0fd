using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Rlhf.Cli.Labels;
using Rlhf.Cli.Tests.Labels;
using Rlhf.Cli.Web.Labelling;

namespace Rlhf.Cli.Tests.Web;

[Trait("Speed", "slow")]
public sealed class LabelPageTests : IDisposable
{
    private const string Hostile = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Label_ThirtyPairsByKeyboard_WithUndoReloadAndASecondAnnotator()
    {
        Assert.SkipUnless(Visitor.IsOffered, Visitor.Reason);
        var pairs = Made.Pairs(30);
        pairs[3] = new CandidatePair(Hostile, $" {Hostile}", " plain");
        using var board = new LabelBoard(LabelFile.Open(_folder.At("labels.jsonl"), _ => { }), pairs, 1, TimeProvider.System);
        await using var server = await RunningServer.Start(new LabelApi(board).Map);
        await using var visitor = await Visitor.Come(server.Address);
        var page = visitor.Page;

        await SignIn(visitor, "ann");
        await visitor.Look("label");
        for (var i = 0; i < 30; i++)
        {
            if (i == 3) Assert.Equal(Hostile, await page.Locator("#prompt").TextContentAsync());
            await Press(page, "1201s"[i % 5].ToString(), i + 1);
            if (i == 10)
            {
                await page.Keyboard.PressAsync("u");
                await Assertions.Expect(page.Locator("#count")).ToHaveTextAsync(new Regex("^10 by you"));
                await page.Keyboard.PressAsync("m");
                await page.Keyboard.PressAsync("n");
                await page.Keyboard.TypeAsync("1 reason");
                await page.Keyboard.PressAsync("Escape");
                await Press(page, "1", 11);
            }

            if (i == 15)
            {
                await page.ReloadAsync();
                await Assertions.Expect(page.Locator("#count")).ToHaveTextAsync(new Regex("^16 by you"));
            }
        }

        await Assertions.Expect(page.Locator("#done")).ToBeVisibleAsync();
        await page.Locator("#rename").ClickAsync();
        await page.Locator("#name").FillAsync("bob");
        await page.Locator("#sign-in button").ClickAsync();
        await Assertions.Expect(page.Locator("#pair")).ToBeVisibleAsync();
        for (var i = 0; i < 6; i++) await Press(page, "1", i + 1);
        await Assertions.Expect(page.Locator("#agreement")).ToContainTextAsync("Fleiss");
        await visitor.Look("label-agreement");

        Assert.Empty(visitor.Wrong);
        Assert.Equal("Label – Rlhf", await page.TitleAsync());
        var labels = board.Standing();
        Assert.Equal((30, 6), (labels.Count(label => label.Annotator == "ann"), labels.Count(label => label.Annotator == "bob")));
        Assert.Equal((3, "1 reason"), labels.Where(label => label.Note is not null).Select(label => (label.Strength!.Value, label.Note!)).Single());
        Assert.Equal(6, labels.Count(label => label is { Annotator: "ann", Answer: Answer.Skip }));
        Assert.All(labels, label => Assert.InRange(label.Seconds!.Value, 0, 60));
    }

    [Fact]
    public async Task Label_ServerThatIsAwayForAWhile_GetsTheAnswerOnceWhenItIsBack()
    {
        Assert.SkipUnless(Visitor.IsOffered, Visitor.Reason);
        using var board = new LabelBoard(LabelFile.Open(_folder.At("labels.jsonl"), _ => { }), Made.Pairs(3), 1, TimeProvider.System);
        await using var server = await RunningServer.Start(new LabelApi(board).Map);
        await using var visitor = await Visitor.Come(server.Address);
        await SignIn(visitor, "ann");
        var asked = 0;
        // The first answer gets lost on its way back, the second on its way there.
        await visitor.Page.RouteAsync("**/api/label/answers", async route =>
        {
            if (++asked == 1) await route.FetchAsync();
            if (asked <= 2) await route.AbortAsync();
            else await route.ContinueAsync();
        });

        await visitor.Page.Keyboard.PressAsync("1");

        await Assertions.Expect(visitor.Page.Locator("#status")).ToContainTextAsync("Not saved yet");
        await Assertions.Expect(visitor.Page.Locator("#count")).ToHaveTextAsync(new Regex("^1 by you"));
        Assert.Equal(3, asked);
        Assert.Single(LabelFile.Read(_folder.At("labels.jsonl")));
    }

    private static async Task SignIn(Visitor visitor, string name)
    {
        await visitor.Open("/label");
        await visitor.Page.Locator("#name").FillAsync(name);
        await visitor.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(visitor.Page.Locator("#prompt")).Not.ToBeEmptyAsync();
    }

    private static async Task Press(IPage page, string key, int then)
    {
        await page.Keyboard.PressAsync(key);
        await Assertions.Expect(page.Locator("#count")).ToHaveTextAsync(new Regex($"^{then} by you"));
    }
}
