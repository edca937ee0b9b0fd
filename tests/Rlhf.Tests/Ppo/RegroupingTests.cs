using Rlhf.Policies.Generation;
using Rlhf.Ppo;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Ppo;

/// <summary>Groups of two episodes, of one token each whose number is the score.</summary>
public sealed class RegroupingTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Fill_NoRounds_LeavesTheGroupsAsTheyAre()
    {
        var regrouping = new Regrouping(groupSize: 2, rounds: 0);
        Assert.Equal([1, 1, 2, 3], Scores(regrouping.Fill(Share(1, 1, 2, 3), (_, _) => throw new InvalidOperationException())));
        Assert.Equal(0, regrouping.Redrawn);
    }

    [Fact]
    public void Fill_FlatGroups_AreReplacedUntilNoneIsLeft()
    {
        var asked = new List<(int, int)>();
        var rounds = new Queue<RolloutShare>([Share(5, 5, 6, 7), Share(8, 9)]);
        var regrouping = new Regrouping(groupSize: 2, rounds: 5);
        var filled = regrouping.Fill(Share(1, 1, 2, 3, 4, 4), (round, count) =>
        {
            asked.Add((round, count));
            return rounds.Dequeue();
        });
        Assert.Equal([2, 3, 6, 7, 8, 9], Scores(filled));
        Assert.Equal([(1, 2), (2, 1)], asked);
        Assert.Equal(3, regrouping.Redrawn);
    }

    [Fact]
    public void Fill_RoundsUsedUp_KeepsFlatGroupsRatherThanFewer()
    {
        var regrouping = new Regrouping(groupSize: 2, rounds: 2);
        var filled = regrouping.Fill(Share(1, 1, 2, 3), (_, _) => Share(5, 5));
        Assert.Equal([2, 3, 1, 1], Scores(filled));
        Assert.Equal(2, regrouping.Redrawn);
    }

    [Fact]
    public void Fill_NothingButFlatGroups_KeepsThem()
    {
        var regrouping = new Regrouping(groupSize: 2, rounds: 1);
        Assert.Equal([1, 1, 2, 2], Scores(regrouping.Fill(Share(1, 1, 2, 2), (_, _) => Share(5, 5, 6, 6))));
    }

    /// <summary>Everything that belongs to an episode comes along with it.</summary>
    private static double[] Scores(RolloutShare share)
    {
        Assert.Equal(share.RawScores, share.Episodes.Select(episode => (double)episode.Response[0]));
        Assert.Equal(share.RawScores, share.GoldScores!.Select(score => score / 10));
        Assert.Equal(share.RawScores, share.Bootstrap!.Select(value => value / 100.0));
        var layout = new TokenLayout([.. share.Episodes.Select(episode => episode.Response.Length)], CPU);
        var table = layout.Spread(share.Tokens.Numbers, share.Tokens.Rows)[0];
        Assert.Equal(share.RawScores, Enumerable.Range(0, share.Episodes.Count).Select(row => (double)table[row, 0].item<float>()));
        return share.RawScores;
    }

    private static RolloutShare Share(params int[] scores)
    {
        // Episodes of unlike length, their tokens in the order of the last episode first.
        Episode[] episodes = [.. scores.Select((score, i) => new Episode
        {
            Prompt = new Prompt(i / 2, "", [1]), Sample = i % 2, Response = [.. Enumerable.Repeat(score, 1 + i % 3)], Text = "", LogProbs = new float[1 + i % 3], Reason = StopReason.Eos,
        })];
        int[] rows = [.. Enumerable.Range(0, scores.Length).Reverse()];
        var numbers = rows.SelectMany(row => episodes[row].Response.Select(token => (float)token)).ToArray();
        return new RolloutShare
        {
            Episodes = episodes,
            RawScores = [.. scores.Select(score => (double)score)],
            GoldScores = [.. scores.Select(score => 10.0 * score)],
            Tokens = new TokenNumbers(tensor(numbers, [1, numbers.Length]), rows),
            Bootstrap = [.. scores.Select(score => 100f * score)],
        };
    }
}
