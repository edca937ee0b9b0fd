namespace Rlhf.Ppo;

/// <summary>
/// Looks at a step's numbers as somebody who has seen runs go wrong would, and says what to try. Each word is said when
/// its symptom begins, not on every step that it lasts.
/// </summary>
public sealed class Diagnosis
{
    private const int FlatAfter = 25, CriticKnowsAfter = 5;

    private readonly HashSet<string> _present = [];
    private readonly Queue<double> _scores = new();
    private double? _firstEntropy;

    /// <param name="metrics">of one step</param>
    /// <returns>advice on what has begun to look wrong; empty as a rule</returns>
    public IReadOnlyList<string> Of(IReadOnlyDictionary<string, double> metrics)
    {
        _firstEntropy ??= metrics["entropy"];
        _scores.Enqueue(metrics.GetValueOrDefault("raw_score"));
        if (_scores.Count > FlatAfter) _scores.Dequeue();
        List<string> advice = [];
        foreach (var (symptom, present, words) in Symptoms(metrics))
        {
            if (!present) _present.Remove(symptom);
            else if (_present.Add(symptom)) advice.Add(words);
        }

        return advice;
    }

    private IEnumerable<(string Symptom, bool Present, string Words)> Symptoms(IReadOnlyDictionary<string, double> now)
    {
        yield return ("kl", now["kl"] < -0.5,
            $"kl is negative ({now["kl"]:0.00}): tokens are not drawn from the distribution they are scored with; check temperature, truncated sampling and stop tokens");
        yield return ("ratio", now["ratio_mean"] > 2 || now["skipped_minibatches"] > 0,
            $"the ratio exploded (mean {now["ratio_mean"]:0.0}, max {now["ratio_max"]:0.0}): lower the learning rate or the number of epochs, or set target_kl");
        yield return ("entropy", now["entropy"] < 0.2 * _firstEntropy,
            $"entropy fell from {_firstEntropy:0.00} to {now["entropy"]:0.00} per token: the policy is collapsing onto few answers; raise kl.coefficient or entropy_coefficient");
        yield return ("cut", now["eos_rate"] == 0,
            "every episode was cut off before it ended: raise max_new_tokens, or set missing_eos, or check that the model knows its end-of-text token");
        yield return ("flat", now.ContainsKey("raw_score") && _scores.Count == FlatAfter && _scores.Max() - _scores.Min() < 1e-6 + 0.02 * Math.Abs(_scores.Average()) && now["raw_score_std"] < 1e-6,
            $"the score has not moved in {FlatAfter} steps and is the same for all episodes: check that the scorer reads the response");
        yield return ("critic", _scores.Count > CriticKnowsAfter && now.TryGetValue("explained_variance", out var explained) && explained < -1,
            $"the critic is worse than a constant (explained variance {now.GetValueOrDefault("explained_variance"):0.0}): raise its learning rate, or give it warm-up steps");
        yield return ("repetition", now["repetition"] > 0.3,
            $"{now["repetition"]:P0} of the 3-grams of a response repeat earlier ones: the policy may be gaming the scorer; read samples.jsonl and raise kl.coefficient");
    }
}
