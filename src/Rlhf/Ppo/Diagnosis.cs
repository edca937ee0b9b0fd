namespace Rlhf.Ppo;

/// <summary>
/// Looks at a step's numbers as somebody who has seen runs go wrong would, and says what to try. Each word is said when
/// its symptom begins, not on every step that it lasts.
/// </summary>
internal sealed class Diagnosis
{
    private const int FlatAfter = 25, CriticKnowsAfter = 5, LastingAfter = 5;

    private static readonly string[] s_verifiers = ["number", "match", "json", "regex"];

    private readonly HashSet<string> _present = [];
    private readonly Dictionary<string, int> _lasting = [];
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
        foreach (var (symptom, present, words) in Symptoms(metrics).Concat(OfMethods(metrics)))
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

    /// <summary>What only some methods suffer from, each by its own numbers.</summary>
    private IEnumerable<(string Symptom, bool Present, string Words)> OfMethods(IReadOnlyDictionary<string, double> now)
    {
        double Of(string name) => now.GetValueOrDefault(name);
        yield return ("groups", Lasts("groups", Of("flat_groups") > 0.9),
            $"in {Of("flat_groups"):P0} of the groups all episodes score the same, and such groups teach nothing: {Remedy(Of("success_rate"))}, set resample_rounds, or raise samples_per_prompt");
        foreach (var (name, term) in Verifiers(now))
            yield return (name, Lasts(name, now[name] == 0 && (name != "raw_score" || Of("raw_score_std") == 0)),
                $"{term} gave no episode anything in {LastingAfter} steps: read samples.jsonl for the form of the responses; train longer in sft on that form, begin with easier prompts, or add a term that pays for the form alone");
        yield return ("judge", Of("judge_contradictions") > 0.3,
            $"the judge contradicts itself in {Of("judge_contradictions"):P0} of the pairs when their order changes, which count as ties: sharpen judge.rubric, take a stronger judge, or rate by the rubric (without against)");
        yield return ("unreadable", Of("judge_unreadable") > 0.1,
            $"{Of("judge_unreadable"):P0} of the judge's answers hold no verdict and count as the worst: raise judge.max_tokens, or take a judge that follows instructions");
        yield return ("teacher", Of("teacher_outside") > 0.05,
            $"{Of("teacher_outside"):P0} of the teacher's probability lies on tokens that the policy does not have, so it cannot come nearer than that: take a teacher with the policy's vocabulary");
        yield return ("sampler", now.TryGetValue("effective_sample_size", out var effective) && effective < 0.5,
            $"tokens are drawn with other probabilities than the update finds (mismatch_kl {Of("mismatch_kl"):0.0000}, {effective:P0} of the tokens count): set ppo.correction, or compute both in one precision");
    }

    private static IEnumerable<(string Name, string Term)> Verifiers(IReadOnlyDictionary<string, double> now)
    {
        string[] terms = [.. s_verifiers.Where(term => now.ContainsKey($"score_{term}"))];
        if (now.ContainsKey("raw_score") && terms.Length == 0) yield return ("raw_score", "the score");
        foreach (var term in terms) yield return ($"score_{term}", $"the verifier '{term}'");
    }

    private static string Remedy(double succeeded) => succeeded switch
    {
        < 0.1 => "give easier prompts or train longer in sft",
        > 0.9 => "give harder prompts, since these are solved",
        _ => "raise sampling.temperature so that episodes differ",
    };

    /// <summary>Whether it has lasted for some steps in a row.</summary>
    private bool Lasts(string symptom, bool now) => (_lasting[symptom] = now ? _lasting.GetValueOrDefault(symptom) + 1 : 0) >= LastingAfter;
}
