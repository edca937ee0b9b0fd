using Rlhf.Foundation.Jobs;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>The episodes that one process has collected, or those of all of them, with what was made of each token.</summary>
internal sealed class RolloutShare
{
    public required IReadOnlyList<Episode> Episodes { get; init; }

    public required double[] RawScores { get; init; }

    /// <summary>What each term of the score says of each episode, before its weight; empty where there is one term.</summary>
    public double[][] Terms { get; init; } = [];

    public double[]? GoldScores { get; init; }

    /// <summary>What the models make of the tokens.</summary>
    public required TokenNumbers Tokens { get; init; }

    /// <summary>The critic's value of where each cut-off episode stopped; null where nobody asks.</summary>
    public float[]? Bootstrap { get; init; }

    private IReadOnlyList<int> Lengths => [.. Episodes.Select(episode => episode.Response.Length)];

    /// <summary>The shares of all processes as one, the same on each of them. A process alone keeps its tensors where they are.</summary>
    public RolloutShare OfAll(Collective job, Device device)
    {
        if (job.Size == 1) return this;
        var parts = job.GatherValues(new Wire(Episodes, RawScores, Terms, GoldScores, Tokens.Rows, Tokens.ToHost(), Bootstrap));
        int[] first = [.. parts.Select((_, i) => parts.Take(i).Sum(part => part.Episodes.Count))];
        return new RolloutShare
        {
            Episodes = [.. parts.SelectMany(part => part.Episodes)],
            RawScores = [.. parts.SelectMany(part => part.RawScores)],
            Terms = [.. Terms.Select((_, term) => parts.SelectMany(part => part.Terms[term]).ToArray())],
            GoldScores = GoldScores is null ? null : [.. parts.SelectMany(part => part.GoldScores!)],
            Tokens = TokenNumbers.FromHost(
                [.. parts.Select(part => part.Numbers)], [.. parts.SelectMany((part, i) => part.Rows.Select(row => first[i] + row))], device),
            Bootstrap = Bootstrap is null ? null : [.. parts.SelectMany(part => part.Bootstrap!)],
        };
    }

    /// <summary>Some of its episodes, in this order.</summary>
    public RolloutShare Take(IReadOnlyList<int> rows) => new()
    {
        Episodes = [.. rows.Select(row => Episodes[row])],
        RawScores = [.. rows.Select(row => RawScores[row])],
        Terms = [.. Terms.Select(term => rows.Select(row => term[row]).ToArray())],
        GoldScores = GoldScores is null ? null : [.. rows.Select(row => GoldScores[row])],
        Tokens = Tokens.Take(rows, Lengths),
        Bootstrap = Bootstrap is null ? null : [.. rows.Select(row => Bootstrap[row])],
    };

    /// <summary>The episodes of both, these first.</summary>
    public RolloutShare And(RolloutShare others) => new()
    {
        Episodes = [.. Episodes, .. others.Episodes],
        RawScores = [.. RawScores, .. others.RawScores],
        Terms = [.. Terms.Zip(others.Terms, (mine, theirs) => mine.Concat(theirs).ToArray())],
        GoldScores = GoldScores is null ? null : [.. GoldScores, .. others.GoldScores!],
        Tokens = Tokens.And(others.Tokens, Episodes.Count),
        Bootstrap = Bootstrap is null ? null : [.. Bootstrap, .. others.Bootstrap!],
    };

    private sealed record Wire(
        IReadOnlyList<Episode> Episodes, double[] RawScores, double[][] Terms, double[]? GoldScores, int[] Rows, float[][] Numbers, float[]? Bootstrap);
}
