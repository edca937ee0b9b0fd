using Rlhf.Cli.Labels;
using Rlhf.Cli.Rounds;
using Rlhf.Cli.Tests.Labels;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Scorers;

namespace Rlhf.Cli.Tests.Rounds;

[Trait("Speed", "slow")]
public sealed class ScoreLabellerTests(TrainedWorld world) : IClassFixture<TrainedWorld>
{
    [Fact]
    public void Label_WithoutNoise_PrefersTheHigherScore_WithNoiseAsOftenAsTheLogisticSays()
    {
        var sure = Labels(noise: 0);
        var unsure = Labels(noise: 2);

        Assert.All(sure, label => Assert.Equal(Answer.First, label.Answer));
        // The first is one better: σ(1/2) = 0.62.
        Assert.InRange(unsure.Count(label => label.Answer == Answer.First), 1000 * 0.62 - 50, 1000 * 0.62 + 50);
        Assert.Equal(unsure.Select(label => label.Answer), Labels(noise: 2).Select(label => label.Answer));
    }

    private LabelEntry[] Labels(double noise)
    {
        using var folder = new TemporaryFolder();
        using var board = new LabelBoard(LabelFile.Open(folder.At("labels.jsonl"), _ => { }), Made.Pairs(1000), 0, TimeProvider.System);
        new ScoreLabeller(new GoodIsOneBetter(), TextTokenizer.Load(world.At("start", "sft", "final")), noise, 3).Label(board);
        return board.Standing();
    }

    private sealed class GoodIsOneBetter : IScorer
    {
        public string Name => "good";

        public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select(item => item.Response.Contains("good", StringComparison.Ordinal) ? 1.0 : 0)];
    }
}
