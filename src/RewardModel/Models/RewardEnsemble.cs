using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Models;

/// <summary>What one text scores.</summary>
/// <param name="Score">Combined over all members, mean 0 and deviation 1 on reference samples.</param>
/// <param name="Logits">What each member said, in the units it was trained in.</param>
public sealed record MemberScores(double Score, IReadOnlyList<double> Logits);

/// <summary>One or several reward models, of one or several heads each, that score together.</summary>
public sealed class RewardEnsemble(IReadOnlyList<RewardModel> models, EnsembleOptions options) : IDisposable
{
    public IReadOnlyList<RewardModel> Models { get; } = models;

    public EnsembleOptions Options { get; } = options;

    /// <summary>All heads of all models.</summary>
    public int Members => Models.Sum(model => model.Heads);

    /// <summary>Brings the combined score to mean 0 and deviation 1; the members have scales of their own.</summary>
    public ScoreScale Scale { get; set; } = ScoreScale.Identity;

    /// <summary>The scores of token rows, in their order; rows of similar length are scored together.</summary>
    /// <param name="maxTokens">Rows × longest row of what is scored at once.</param>
    public IReadOnlyList<MemberScores> Score(IReadOnlyList<int[]> rows, int pad, int maxTokens = 16_384)
    {
        using var quiet = no_grad();
        var scores = new MemberScores[rows.Count];
        foreach (var part in Policies.Training.MicroBatches.Split(Enumerable.Range(0, rows.Count), row => rows[row].Length, maxTokens))
        {
            using var scope = NewDisposeScope();
            using var batch = TokenBatch.RightPadded([.. part.Select(row => Fitting(rows[row]))], pad, Models[0].Head.device);
            var logits = cat([.. Models.Select(model => model.Logits(batch))], 1).cpu().data<float>().ToArray();      // [b, members]
            for (var i = 0; i < part.Length; i++)
                scores[part[i]] = Combined([.. logits.AsSpan(i * Members, Members).ToArray().Select(logit => (double)logit)]);
        }

        return scores;
    }

    // Of a text that is longer than the shortest context the end counts, as in training.
    private int[] Fitting(int[] row) => row[Math.Max(0, row.Length - Models.Min(model => model.Trunk.Config.Context))..];

    /// <summary>Fits the scales of the members, and then of their combination, on scored reference samples.</summary>
    public void Normalize(IReadOnlyList<MemberScores> samples)
    {
        var member = 0;
        foreach (var model in Models)
        {
            var first = member;
            model.Scales = [.. Enumerable.Range(first, model.Heads).Select(head => ScoreScale.Fit([.. samples.Select(sample => sample.Logits[head])]))];
            member += model.Heads;
        }

        Scale = ScoreScale.Identity;
        Scale = ScoreScale.Fit([.. samples.Select(sample => Combined(sample.Logits).Score)]);
    }

    public void Dispose()
    {
        foreach (var model in Models) model.Dispose();
    }

    private MemberScores Combined(IReadOnlyList<double> logits)
    {
        var scales = Models.SelectMany(model => model.Scales);
        return new MemberScores(Scale.Apply(Options.Apply([.. logits.Zip(scales, (logit, scale) => scale.Apply(logit))])), logits);
    }
}
