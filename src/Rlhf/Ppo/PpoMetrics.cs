using Rlhf.Maths;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// The numbers of one step, by the names of metrics.jsonl. Every mean is over real tokens or whole episodes; nothing of
/// the padding enters. docs/details.md has each with its equation.
/// </summary>
public sealed class PpoMetrics(PpoRecipe recipe)
{
    /// <summary>What the episodes showed; one look at the device.</summary>
    public Dictionary<string, double> OfRollout(Rollout rollout, Tensor rewards, Tensor returns)
    {
        using var scope = NewDisposeScope();
        var device = Read(OnDevice(rollout, rewards, returns));
        foreach (var (name, number) in OnHost(rollout)) device[name] = number;
        return device;
    }

    /// <summary>What the update did.</summary>
    public static Dictionary<string, double> OfUpdate(UpdateReport update, UpdateSettings settings) => new()
    {
        ["policy_loss"] = update.Statistics.PolicyLoss,
        ["value_loss"] = update.Statistics.ValueLoss,
        ["total_loss"] = update.Statistics.TotalLoss,
        ["clip_fraction"] = update.Statistics.ClipFraction,
        ["value_clip_fraction"] = update.Statistics.ValueClipFraction,
        ["approximate_kl"] = update.Statistics.ApproximateKl,
        ["update_kl"] = update.Statistics.UpdateKl,
        ["ratio_mean"] = update.Statistics.RatioMean,
        ["ratio_max"] = update.Statistics.RatioMax,
        ["policy_gradient_norm"] = update.PolicyGradientNorm,
        ["critic_gradient_norm"] = update.CriticGradientNorm,
        ["skipped_minibatches"] = update.Skipped,
        ["epochs"] = update.Epochs,
        ["policy_learning_rate"] = settings.PolicyLearningRate,
        ["critic_learning_rate"] = settings.CriticLearningRate,
        ["entropy_coefficient"] = settings.EntropyCoefficient,
    };

    private static List<(string Name, Tensor Number)> OnDevice(Rollout rollout, Tensor rewards, Tensor returns)
    {
        var mask = rollout.Mask;
        var k1 = KlEstimators.K1(rollout.LogProbs, rollout.ReferenceLogProbs!);
        var k3 = KlEstimators.K3(rollout.LogProbs, rollout.ReferenceLogProbs!);
        List<(string, Tensor)> numbers =
        [
            ("score", rollout.Scores.mean()),
            ("reward", Masked.RowSum(rewards, mask).mean()),
            ("kl", Masked.RowSum(k1, mask).mean()),
            ("kl_token", Masked.Mean(k1, mask)),
            ("kl_k3", Masked.RowSum(k3, mask).mean()),
            ("kl_k3_token", Masked.Mean(k3, mask)),
            ("kl_exact", Masked.RowSum(rollout.ExactKl, mask).mean()),
            ("kl_exact_token", Masked.Mean(rollout.ExactKl, mask)),
            ("entropy", Masked.Mean(rollout.Entropy, mask)),
        ];
        if (rollout.Values is not { } values) return numbers;
        numbers.Add(("value", Masked.Mean(values, mask)));
        numbers.Add(("return", Masked.Mean(returns, mask)));
        numbers.Add(("explained_variance", ExplainedVariance.Of(values, returns, mask)));
        return numbers;
    }

    private Dictionary<string, double> OnHost(Rollout rollout)
    {
        var scores = rollout.RawScores;
        var mean = scores.Average();
        int[][] responses = [.. rollout.Episodes.Select(episode => episode.Response)];
        var numbers = new Dictionary<string, double>
        {
            ["raw_score"] = mean,
            ["raw_score_std"] = Math.Sqrt(scores.Average(score => (score - mean) * (score - mean))),
            ["success_rate"] = scores.Average(score => score >= recipe.SuccessThreshold ? 1.0 : 0),
            ["response_length"] = rollout.Layout.Lengths.Average(),
            ["response_length_min"] = rollout.Layout.Lengths.Min(),
            ["response_length_max"] = rollout.Layout.Lengths.Max(),
            ["eos_rate"] = rollout.Episodes.Average(episode => episode.Ended ? 1.0 : 0),
            ["distinct_1"] = Diversity.Distinct(responses, 1),
            ["distinct_2"] = Diversity.Distinct(responses, 2),
            ["repetition"] = Diversity.Repetition(responses, 3),
        };
        if (rollout.GoldScores is { } gold) numbers["gold"] = gold.Average();
        return numbers;
    }

    private static Dictionary<string, double> Read(List<(string Name, Tensor Number)> numbers)
    {
        using var host = stack(numbers.Select(item => item.Number.to_type(ScalarType.Float64))).cpu();
        return numbers.Select(item => item.Name).Zip(host.data<double>().ToArray()).ToDictionary(pair => pair.First, pair => pair.Second);
    }
}
