namespace Rlhf.Dpo;

/// <summary>Looks at a step's numbers for what goes wrong in learning from preferences, and says what to try, once.</summary>
internal sealed class PreferenceDiagnosis(DpoRecipe recipe)
{
    private const int Window = 10;

    /// <summary>Nats of a whole reply.</summary>
    private const double Fall = 1;

    private readonly Queue<(double Margin, double Chosen)> _recent = new();
    private readonly List<double> _first = [];
    private bool _said;

    /// <param name="metrics">of one step</param>
    /// <returns>null as a rule</returns>
    public string? Of(IReadOnlyDictionary<string, double> metrics)
    {
        if (!metrics.TryGetValue("chosen_log_prob", out var logProb) || !metrics.TryGetValue("margin", out var margin)) return null;
        // From a reference the drift of the very same replies is known; without one, that of other replies than at first.
        var chosen = recipe is { UsesReference: true, LogProb: ReplyLogProb.Sum } ? metrics["chosen_reward"] / recipe.Strength : logProb;
        if (_first.Count < Window) _first.Add(recipe is { UsesReference: true, LogProb: ReplyLogProb.Sum } ? 0 : chosen);
        _recent.Enqueue((margin, chosen));
        if (_recent.Count > Window) _recent.Dequeue();
        if (_said || _recent.Count < Window || _first.Count < Window) return null;
        var fall = _first.Average() - _recent.Average(step => step.Chosen);
        var wins = _recent.Average(step => step.Margin);
        _said = fall > Fall && wins > 0;
        return !_said ? null
            : $"chosen replies became less likely by {fall:0.0} nats while the margin grew to {wins:0.00}: the policy learns what not to say and puts the probability elsewhere; raise dpo.beta, set dpo.chosen_likelihood, or train for fewer epochs";
    }
}
