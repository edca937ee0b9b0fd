using MathNet.Numerics.Statistics;
using Rlhf.Maths;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// The numbers of one step, by the names of metrics.jsonl. Every mean is over real tokens or whole episodes; nothing of
/// the padding enters. docs/details.md has each with its equation.
/// </summary>
internal sealed class PpoMetrics(PpoRecipe recipe)
{
    /// <summary>What the episodes showed; one look at the device.</summary>
    public Dictionary<string, double> OfRollout(Rollout rollout, Tensor rewards, Tensor returns)
    {
        using var scope = NewDisposeScope();
        var device = Read(OnDevice(rollout, rewards, returns));
        foreach (var (name, number) in OnHost(rollout)) device[name] = number;
        return device;
    }

    /// <summary>What the update did: of a critic where there is one, of a clip where the objective has one.</summary>
    public Dictionary<string, double> OfUpdate(UpdateReport update, UpdateSettings settings)
    {
        var statistics = update.Statistics;
        var numbers = new Dictionary<string, double> { ["policy_loss"] = statistics.PolicyLoss };
        if (recipe.HasCritic) numbers["value_loss"] = statistics.ValueLoss;
        numbers["total_loss"] = statistics.TotalLoss;
        if (recipe.Clips) numbers["clip_fraction"] = statistics.ClipFraction;
        if (recipe is { HasCritic: true, Critic.Clip: > 0 }) numbers["value_clip_fraction"] = statistics.ValueClipFraction;
        numbers["approximate_kl"] = statistics.ApproximateKl;
        numbers["update_kl"] = statistics.UpdateKl;
        numbers["ratio_mean"] = statistics.RatioMean;
        numbers["ratio_max"] = statistics.RatioMax;
        numbers["policy_gradient_norm"] = update.PolicyGradientNorm;
        if (recipe.HasCritic) numbers["critic_gradient_norm"] = update.CriticGradientNorm;
        numbers["skipped_minibatches"] = update.Skipped;
        numbers["epochs"] = update.Epochs;
        numbers["policy_learning_rate"] = settings.PolicyLearningRate;
        if (recipe.HasCritic) numbers["critic_learning_rate"] = settings.CriticLearningRate;
        numbers["entropy_coefficient"] = settings.EntropyCoefficient;
        return numbers;
    }

    private List<(string Name, Tensor Number)> OnDevice(Rollout rollout, Tensor rewards, Tensor returns)
    {
        var mask = rollout.Mask;
        var k1 = KlEstimators.K1(rollout.LogProbs, rollout.ReferenceLogProbs!);
        var k3 = KlEstimators.K3(rollout.LogProbs, rollout.ReferenceLogProbs!);
        List<(string, Tensor)> numbers = [];
        if (recipe.HasScore) numbers.AddRange([("score", rollout.Scores.mean()), ("reward", Masked.RowSum(rewards, mask).mean())]);
        numbers.AddRange([
            ("kl", Masked.RowSum(k1, mask).mean()),
            ("kl_token", Masked.Mean(k1, mask)),
            ("kl_k3", Masked.RowSum(k3, mask).mean()),
            ("kl_k3_token", Masked.Mean(k3, mask)),
            ("kl_exact", Masked.RowSum(rollout.ExactKl, mask).mean()),
            ("kl_exact_token", Masked.Mean(rollout.ExactKl, mask)),
            ("entropy", Masked.Mean(rollout.Entropy, mask)),
        ]);
        if (rollout.DrawnLogProbs is { } drawn)
        {
            numbers.Add(("mismatch_kl", SamplerCorrection.MismatchKl(rollout.LogProbs, drawn, mask)));
            numbers.Add(("effective_sample_size", SamplerCorrection.EffectiveSampleSize(rollout.LogProbs, drawn, mask)));
        }

        if (rollout.TeacherKl is { } teacher)
        {
            numbers.Add(("teacher_kl", Masked.RowSum(teacher, mask).mean()));
            numbers.Add(("teacher_kl_token", Masked.Mean(teacher, mask)));
            numbers.Add(("teacher_outside", Masked.Mean(rollout.TeacherOutside!, mask)));
        }

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
        var numbers = new Dictionary<string, double>();
        if (recipe.HasScore)
        {
            numbers["raw_score"] = mean;
            numbers["raw_score_std"] = scores.PopulationStandardDeviation();
            numbers["success_rate"] = scores.Average(score => score >= recipe.SuccessThreshold ? 1.0 : 0);
        }

        foreach (var term in rollout.Terms)
        {
            numbers[$"score_{term.Name}"] = term.Scores.Average();
            numbers[$"share_{term.Name}"] = term.Share(scores);
        }

        foreach (var (name, number) in OfResponses(rollout, responses)) numbers[name] = number;
        if (rollout.GoldScores is { } gold) numbers["gold"] = gold.Average();
        if (recipe.ScoreScaling != ScoreScaling.None) numbers["score_deviation"] = rollout.ScoreDeviation;
        if (recipe.ComparesGroups) numbers["flat_groups"] = GroupAdvantages.Flat(scores, recipe.GroupSize).Average(flat => flat ? 1.0 : 0);
        if (recipe.ResampleRounds > 0) numbers["redrawn_groups"] = rollout.RedrawnGroups;
        return numbers;
    }

    private static Dictionary<string, double> OfResponses(Rollout rollout, int[][] responses) => new()
    {
        ["response_length"] = rollout.Layout.Lengths.Average(),
        ["response_length_min"] = rollout.Layout.Lengths.Min(),
        ["response_length_max"] = rollout.Layout.Lengths.Max(),
        ["eos_rate"] = rollout.Episodes.Average(episode => episode.Ended ? 1.0 : 0),
        ["distinct_1"] = Diversity.Distinct(responses, 1),
        ["distinct_2"] = Diversity.Distinct(responses, 2),
        ["repetition"] = Diversity.Repetition(responses, 3),
    };

    private static Dictionary<string, double> Read(List<(string Name, Tensor Number)> numbers)
    {
        using var host = stack(numbers.Select(item => item.Number.to_type(ScalarType.Float64))).cpu();
        return numbers.Select(item => item.Name).Zip(host.data<double>().ToArray()).ToDictionary(pair => pair.First, pair => pair.Second);
    }
}
