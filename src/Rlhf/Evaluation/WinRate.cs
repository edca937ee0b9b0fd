namespace Rlhf.Evaluation;

/// <summary>How often the policy's response scores above the reference's to the same prompt; a tie counts half.</summary>
internal static class WinRate
{
    /// <summary>One prompt: the mean over all pairs of the policy's and the reference's samples.</summary>
    public static double OfPrompt(IReadOnlyList<double> policy, IReadOnlyList<double> reference)
    {
        if (policy.Count == 0 || reference.Count == 0) return double.NaN;
        var wins = 0.0;
        foreach (var ours in policy)
            foreach (var theirs in reference)
                wins += ours > theirs ? 1 : ours == theirs ? 0.5 : ours < theirs ? 0 : double.NaN;
        return wins / ((double)policy.Count * reference.Count);
    }

    /// <summary>The mean over prompts with its bootstrap interval. Both lists hold one list of scores per prompt, in the same order.</summary>
    public static Estimate OfPrompts(
        IReadOnlyList<IReadOnlyList<double>> policy, IReadOnlyList<IReadOnlyList<double>> reference, BootstrapOptions options)
    {
        if (policy.Count != reference.Count)
            throw new ArgumentException($"{policy.Count} prompts of the policy against {reference.Count} of the reference: they are compared prompt by prompt");
        double[] rates = [.. policy.Zip(reference, OfPrompt)];
        var rate = Bootstrap.Mean(rates, options);
        // Where all prompts are won, resampling them finds nothing else; the exact bound of a share does.
        var beyond = rates.Length == 0 ? double.NaN : Math.Pow((1 - options.Level) / 2, 1.0 / rates.Length);
        return Array.TrueForAll(rates, one => one == 1) ? rate with { Low = beyond } : Array.TrueForAll(rates, one => one == 0) ? rate with { High = 1 - beyond } : rate;
    }
}
