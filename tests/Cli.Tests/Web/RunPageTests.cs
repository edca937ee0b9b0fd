using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Cli.Web.Playing;
using Rlhf.Cli.Web.Watching;
using Rlhf.Reports.Tests;
using TorchSharp;

namespace Rlhf.Cli.Tests.Web;

[Trait("Speed", "slow")]
public sealed class RunPageTests(TrainedWorld world) : IClassFixture<TrainedWorld>
{
    private const string Hostile = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">";

    [Fact]
    public async Task Watch_RunOfAnotherProcess_IsSeenUntilItEnds()
    {
        Assert.SkipUnless(Visitor.IsOffered, Visitor.Reason);
        Directory.CreateDirectory(world.At("live"));
        await using var server = await Start(world.At("live"));
        await using var visitor = await Visitor.Come(server.Address);
        await visitor.Open("/runs");
        await Assertions.Expect(visitor.Page.Locator("#none")).ToBeVisibleAsync();

        using var program = new ProgramProcess(world.Folder, "ppo", "tiny.yaml", "out=live/watched", "ppo.steps=60");
        await visitor.Page.GetByLabel("Show watched/ppo").CheckAsync(new LocatorCheckOptions { Timeout = 60_000 });
        await Assertions.Expect(visitor.Page.Locator("#runs tr td.running")).ToHaveTextAsync("running");
        await Assertions.Expect(visitor.Page.Locator("#runs tr td.finished")).ToHaveTextAsync("finished", new LocatorAssertionsToHaveTextOptions { Timeout = 60_000 });

        Assert.Equal(0, program.Wait().Code);
        await Assertions.Expect(visitor.Page.Locator("figure").Filter(new LocatorFilterOptions { HasText = "KL from the reference" }).Locator("path").First).ToBeVisibleAsync();
        await Assertions.Expect(visitor.Page.Locator("figure .keys").First).ToContainTextAsync(new Regex("proxy|as trained on"));
        await visitor.Look("runs-live");
        Assert.Empty(visitor.Wrong);
    }

    [Fact]
    public async Task Watch_StopButton_LeavesACheckpoint()
    {
        Assert.SkipUnless(Visitor.IsOffered, Visitor.Reason);
        Directory.CreateDirectory(world.At("stopping"));
        await using var server = await Start(world.At("stopping"));
        await using var visitor = await Visitor.Come(server.Address);
        using var program = new ProgramProcess(world.Folder, "ppo", "tiny.yaml", "out=stopping/long", "ppo.steps=100000");
        visitor.Page.Dialog += (_, dialog) => dialog.AcceptAsync();
        await visitor.Open("/runs");

        await visitor.Page.GetByLabel("Stop long/ppo with a checkpoint").ClickAsync(new LocatorClickOptions { Timeout = 60_000 });

        Assert.Equal(130, program.Wait().Code);
        await Assertions.Expect(visitor.Page.Locator("#runs tr td.stopped")).ToHaveTextAsync("stopped");
        Assert.Single(Directory.GetDirectories(world.At("stopping", "long", "ppo", "checkpoints"), "step-*"));
    }

    [Fact]
    public async Task Watch_TwoFinishedRuns_AreComparedWithWordsCurveAndSamplesAsText()
    {
        Assert.SkipUnless(Visitor.IsOffered, Visitor.Reason);
        using var folder = new TemporaryFolder();
        foreach (var name in new[] { "first", "second" }) FakeRun.Write(folder.At(name), name == "first" ? 160 : 90);
        var text = JsonSerializer.Serialize(Hostile);
        File.AppendAllText(folder.At("first", "ppo", "samples.jsonl"), $"{{\"step\":170,\"prompt\":{text},\"response\":{text},\"tokens\":[{text}],\"token_kl\":[2],\"token_reward\":[-0.4]}}\n");
        File.Copy(folder.At("first", "curve.json"), folder.At("first", "ppo", "curve.json"));
        await using var server = await Start(folder.Path);
        await using var visitor = await Visitor.Come(server.Address);
        await visitor.Open("/runs#run=first/ppo");

        await Assertions.Expect(visitor.Page.Locator("#chosen")).ToContainTextAsync("In training the score rose");
        await Assertions.Expect(visitor.Page.Locator("#chosen figure path").First).ToBeVisibleAsync();
        await visitor.Page.Locator("#chosen summary").ClickAsync();
        await Assertions.Expect(visitor.Page.Locator("#chosen .samples .text").Last).ToHaveTextAsync(Hostile);
        // 2 of the 3 nats that are darkest; then the only reward that is shown, which is below zero.
        var token = visitor.Page.Locator("#chosen .samples .text span").Last;
        await Assertions.Expect(token).ToHaveAttributeAsync("title", "KL 2.00 nats · reward −0.400");
        await Assertions.Expect(token).ToHaveAttributeAsync("style", "--k: 0.67;");
        await Assertions.Expect(token).ToHaveClassAsync("up");
        await visitor.Look("runs-one");
        await visitor.Page.GetByLabel("Shade tokens by").SelectOptionAsync("reward");
        await Assertions.Expect(token).ToHaveAttributeAsync("style", "--k: 1.00;");
        await Assertions.Expect(token).ToHaveClassAsync("down");
        await visitor.Page.GetByLabel("Show second/ppo").CheckAsync();
        await Assertions.Expect(visitor.Page.Locator("#charts figure .keys").First).ToContainTextAsync("second/ppo: ");
        await visitor.Look("runs-two");

        Assert.Equal("Watch – Rlhf", await visitor.Page.TitleAsync());
        Assert.Empty(visitor.Wrong);
    }

    [Fact]
    public async Task Try_TwoModels_StreamSideBySideAndOneIsPreferred()
    {
        Assert.SkipUnless(Visitor.IsOffered, Visitor.Reason);
        var reward = ProgramProcess.Run(world.Folder, "reward", "tiny.yaml", "out=start", $"reward.data={Path.Combine(TestData.Repository, "data", "world", "pairs.parquet")}", "reward.epochs=0.02", "reward.normalization.samples=8");
        Assert.True(reward.Code == 0, reward.Error);
        using var labels = new TemporaryFolder();
        var board = new Lazy<Rlhf.Cli.Labels.LabelBoard>(() => new Rlhf.Cli.Labels.LabelBoard(Rlhf.Cli.Labels.LabelFile.Open(labels.At("labels.jsonl"), _ => { }), [], 0, TimeProvider.System));
        await using var server = await Start(world.Folder, board);
        await using var visitor = await Visitor.Come(server.Address);
        await visitor.Open("/play");
        await visitor.Page.Locator("#prompt").FillAsync("How was the red kite at the park?");
        await visitor.Page.Locator("#max_new_tokens").FillAsync("16");
        await visitor.Page.Keyboard.PressAsync("Enter");

        await Assertions.Expect(visitor.Page.Locator("#status")).ToHaveTextAsync("Done.");
        foreach (var side in new[] { 1, 2 })
        {
            await Assertions.Expect(visitor.Page.Locator($"#text-{side}")).Not.ToBeEmptyAsync();
            await Assertions.Expect(visitor.Page.Locator($"#facts-{side}")).ToHaveTextAsync(new Regex(@"^\d+ tokens · .* · score −?\d"));
        }

        var second = await visitor.Page.Locator("#text-2").TextContentAsync();
        await visitor.Look("play");
        await visitor.Page.Locator("#prefer-2").ClickAsync();
        await Assertions.Expect(visitor.Page.Locator("#status")).ToHaveTextAsync("Kept as a labelled pair.");

        Assert.Equal(second, Assert.Single(Rlhf.Cli.Labels.LabelFile.Read(labels.At("labels.jsonl"))).First);
        Assert.Empty(visitor.Wrong);
        board.Value.Dispose();
    }

    private static Task<RunningServer> Start(string folder, Lazy<Rlhf.Cli.Labels.LabelBoard>? board = null)
    {
        var runs = new RunCatalogue([folder], TimeProvider.System);
        return RunningServer.Start(app =>
        {
            new RunApi(runs, TimeProvider.System).Map(app);
            new PlayApi(new ModelShelf(new ModelPlaces([], runs), () => torch.CPU, 2), board!).Map(app);
        });
    }
}
