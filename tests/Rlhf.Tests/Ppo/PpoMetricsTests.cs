using Rlhf.Policies.Generation;
using Rlhf.Ppo;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Ppo;

/// <summary>Two episodes of 2 and 1 tokens, with rubbish where there is padding.</summary>
public sealed class PpoMetricsTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void OfRollout_TwoEpisodes_MatchesHandComputation()
    {
        var metrics = new PpoMetrics(new PpoRecipe { SuccessThreshold = 2 }).OfRollout(Rollout(), Cells(1, 2, 4, 99), Cells(1, 2, 6, 99));

        Dictionary<string, double> expected = new()
        {
            ["score"] = 2.5, ["raw_score"] = 3, ["raw_score_std"] = 2, ["success_rate"] = 0.5,
            ["reward"] = (3 + 4) / 2.0,
            // k1: −1+1.5, −2+1, −0.5+1 = .5, −1, .5
            ["kl"] = 0, ["kl_token"] = 0,
            // k3 = e^(−k1) − 1 + k1
            ["kl_k3"] = (0.10653066 + 0.71828183 + 0.10653066) / 2, ["kl_k3_token"] = (0.10653066 + 0.71828183 + 0.10653066) / 3,
            ["kl_exact"] = 0.3, ["kl_exact_token"] = 0.2, ["entropy"] = 2,
            ["value"] = 2, ["return"] = 3,
            // returns 1, 2, 6: variance 14/3; errors 0, 1, 2: variance 2/3
            ["explained_variance"] = 1 - (2 / 3.0) / (14 / 3.0),
            ["response_length"] = 1.5, ["response_length_min"] = 1, ["response_length_max"] = 2, ["eos_rate"] = 0.5,
            ["distinct_1"] = 2 / 3.0, ["distinct_2"] = 1, ["repetition"] = double.NaN,
        };
        Assert.Equal(expected.Keys.Order(), metrics.Keys.Order());
        Assert.All(expected, pair => Assert.Equal(pair.Value, metrics[pair.Key], 1e-6));
    }

    [Fact]
    public void OfRollout_ScoreOfTwoTerms_HasEachOnesMeanAndShareOfTheDifferences()
    {
        // Totals 5, 1: the first term brings 3 of the 4 between them, the second, weighted by a half, the other 1.
        var rollout = Rollout(new ScoreTerm("number", 1, [3, 0]), new ScoreTerm("length", 0.5, [4, 2]));
        var metrics = new PpoMetrics(new PpoRecipe()).OfRollout(rollout, Cells(1, 2, 4, 99), Cells(1, 2, 6, 99));
        Assert.Equal((1.5, 0.75, 3, 0.25), (metrics["score_number"], metrics["share_number"], metrics["score_length"], metrics["share_length"]));
    }

    [Fact]
    public void OfRollout_TermsWhoseTotalsAreAllTheSame_ShareNothing()
    {
        Assert.Equal(0, new ScoreTerm("number", 1, [1, 0]).Share([1, 1]));
        Assert.Equal(1, new ScoreTerm("length", -1, [0, 1]).Share([1, 0]));
    }

    private static Rollout Rollout(params ScoreTerm[] terms)
    {
        Episode[] episodes = [Episode([5, 7], StopReason.Eos), Episode([5], StopReason.Length)];
        return new Rollout(episodes, new TokenLayout([2, 1], CPU))
        {
            RawScores = [5, 1],
            Terms = terms,
            Scores = tensor(new[] { 4f, 1f }),
            LogProbs = Cells(-1, -2, -0.5f, float.NaN),
            ReferenceLogProbs = Cells(-1.5f, -1, -1, float.NaN),
            ExactKl = Cells(0.1f, 0.2f, 0.3f, float.PositiveInfinity),
            Entropy = Cells(1, 2, 3, float.NaN),
            Values = Cells(1, 1, 4, float.NaN),
        };
    }

    private static Episode Episode(int[] response, StopReason reason) => new()
    {
        Prompt = new Prompt(0, "", [1]), Sample = 0, Response = response, Text = "", LogProbs = new float[response.Length], Reason = reason,
    };

    private static Tensor Cells(float a, float b, float c, float padding) => tensor(new[] { a, b, c, padding }, [2, 2]);
}
