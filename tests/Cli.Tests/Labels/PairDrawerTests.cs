using Rlhf.Cli.Labels;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Foundation;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Training;
using static TorchSharp.torch;

namespace Rlhf.Cli.Tests.Labels;

[Trait("Speed", "slow")]
public sealed class PairDrawerTests(TrainedWorld world) : IClassFixture<TrainedWorld>
{
    [Fact]
    public void Draw_WithAnEnsemble_KeepsThePairsOnWhoseMarginItsHeadsDifferMost()
    {
        var judges = Judges(heads: 2);
        var all = PairDrawer.Draw(Options with { Count = 32 }, Context());

        var kept = PairDrawer.Draw(Options with { Count = 8, Candidates = 4, Ensemble = judges }, Context());

        // Of two heads the deviation is half the difference between their margins.
        using var ensemble = RewardFolder.Load(judges, CPU);
        var tokenizer = TextTokenizer.Load(judges);
        var gains = ensemble.Models.Single().Scales.Select(scale => scale.Gain).ToArray();
        double Margin(CandidatePair pair, int head)
        {
            var scores = ensemble.Score([.. new[] { pair.First, pair.Second }.Select(response => ReplyTokens.Whole(tokenizer, pair.Prompt, response))], tokenizer.PadOrEos);
            return gains[head] * (scores[0].Logits[head] - scores[1].Logits[head]);
        }

        var expected = all.OrderByDescending(pair => Math.Abs(Margin(pair, 0) - Margin(pair, 1))).Take(8).Select(pair => pair.Id).Order();
        Assert.Equal(expected, kept.Select(pair => pair.Id).Order());
        Assert.NotEqual(all.Take(8).Select(pair => pair.Id).Order(), kept.Select(pair => pair.Id).Order());
    }

    [Fact]
    public void Draw_ResponsesThatAreOftenTheSame_AreReplacedByOthers()
    {
        var said = new StringWriter();

        var pairs = PairDrawer.Draw(Options with { Count = 40, Sampling = new() { MaxNewTokens = 2, Temperature = 0.5 } }, Context(said));

        Assert.Equal(40, pairs.DistinctBy(pair => pair.Id).Count());
        Assert.All(pairs, pair => Assert.NotEqual(pair.First, pair.Second));
        Assert.Contains(" more are drawn in the place of what holds the same response twice", said.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Draw_WithOneHead_SaysThatItCannotDisagree()
    {
        var judge = Judges(heads: 1);

        var refused = Assert.Throws<RlhfException>(() => PairDrawer.Draw(Options with { Count = 2, Ensemble = judge }, Context()));

        Assert.Equal($"ensemble: {judge} is one reward model with one head, which cannot disagree with itself; train several with reward.heads or reward.seeds", refused.Message);
    }

    private DrawOptions Options => new()
    {
        Policy = world.At("start", "sft", "final"), Prompts = Path.Combine(TestData.Repository, "data", "world", "prompts.train.parquet"), Sampling = new() { MaxNewTokens = 12 }, Device = "cpu",
    };

    private string Judges(int heads)
    {
        var folder = world.At($"judges-{heads}");
        var ending = ProgramProcess.Run(
            world.Folder, "reward", "tiny.yaml", $"out=judges-{heads}", "reward.model=start/sft/final", $"reward.data={TestData.Repository}/data/world/pairs.parquet", $"reward.heads={heads}",
            "reward.max_length=64", "reward.epochs=0.02", "reward.eval_every=0", "reward.normalization.samples=8");
        Assert.True(ending.Code == 0, ending.Error);
        return Path.Combine(folder, "reward", "final");
    }

    private static CommandContext Context(TextWriter? said = null) => new() { Output = TextWriter.Null, Progress = new PlainProgress(said ?? TextWriter.Null) };
}
