using System.Text.Json.Nodes;
using Rlhf.Cli.Tests.Whole;

namespace Rlhf.Cli.Tests.Study;

[Trait("Speed", "slow")]
public sealed class StudyCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string[] Words() =>
    [
        "study", Path.Combine(TestData.Repository, "data", "recipes", "study.yaml"), "out=run", "device=cpu",
        .. new[] { "tokenizer.data=[{0}/sft.parquet]", "sft.data={0}/sft.parquet", "reward.data={0}/pairs.parquet", "ppo.prompts={0}/prompts.train.parquet", "curve.prompts={0}/prompts.eval.parquet" }
            .Select(word => word.Replace("{0}", Path.Combine(TestData.Repository, "data", "world"), StringComparison.Ordinal)),
        "tokenizer.vocabulary_size=300", "sft.epochs=0.02", "sft.from_scratch={width: 32, layers: 1, heads: 2, context: 96}", "reward.epochs=1", "reward.eval_share=0.01", "reward.normalization.samples=16",
        "study.sizes=[32]", "study.focus=32", "study.members=2", "study.noise=[0.25]", "study.best_of=8", "study.prices=[0.1]", "study.checkpoints=4",
        "ppo.steps=4", "ppo.episodes=8", "ppo.sampling.max_new_tokens=12", "curve.max_prompts=6", "curve.samples=1", "curve.best_of=2",
    ];

    [Fact]
    public async Task Study_KilledAndStartedAgain_GivesThePageOfOneGo()
    {
        var one = Whole(Directory.CreateDirectory(_folder.At("one")).FullName);
        Assert.True(one.Code == 0, one.Error);

        var place = Directory.CreateDirectory(_folder.At("two")).FullName;
        using (var first = new ProgramProcess(place, Words()))
        {
            await Until(() => File.Exists(Path.Combine(place, "run", "rewards", "pairs=32_noise=0.25", "reward", "final", "ensemble.json")), first);
            first.Kill();
        }

        using (var second = new ProgramProcess(place, Words()))
        {
            await Until(() => Directory.Exists(Path.Combine(place, "run", "policies", "pairs=32_noise=0.25_price=0.1_seed=1")), second);
            second.Kill();
        }

        var last = Whole(place);
        Assert.True(last.Code == 0, last.Error);
        Assert.Equal(one.Output, last.Output);
        foreach (var file in new[] { "study.json", "report.html" })
            Assert.Equal(File.ReadAllText(_folder.At("one", "run", file)), File.ReadAllText(_folder.At("two", "run", file)));

        var again = Whole(place);
        Assert.Equal(last.Output, again.Output);
        var study = JsonNode.Parse(File.ReadAllText(_folder.At("one", "run", "study.json")))!;
        // of one size, one price and one share of noise there is nothing to say about those
        Assert.Equal(["rl-spends-more", "wco-mends-best-of-n", "uwo-mends-best-of-n", "wco-mends-ppo", "uwo-mends-ppo"], study["claims"]!.AsArray().Select(claim => (string)claim!["id"]!));
        // alone and three ensembles, by best-of-n and by PPO
        Assert.Equal(2 * (1 + 3), study["arms"]!.AsArray().Count);
    }

    [Fact]
    public void Study_RecipeWithoutASection_IsRefused()
    {
        var ending = InProcess.Run("study", Path.Combine(TestData.Repository, "data", "recipes", "study.yaml"), "gold=null", "--dry-run");
        Assert.Equal((2, "rlhf study: a study is made of the sections study, reward, gold, ppo and curve; the recipe lacks one of them\n"), (ending.Code, ending.Error));
    }

    /// <summary>Eight policies take their time.</summary>
    private static ProgramProcess.Ending Whole(string folder)
    {
        using var process = new ProgramProcess(folder, Words());
        return process.Wait(TimeSpan.FromMinutes(4));
    }

    private static async Task Until(Func<bool> isThere, ProgramProcess program)
    {
        for (var i = 0; i < 3000 && !isThere(); i++)
        {
            Assert.False(program.HasExited, "the study ended before it could be killed");
            await Task.Delay(20);
        }

        Assert.True(isThere());
    }
}
