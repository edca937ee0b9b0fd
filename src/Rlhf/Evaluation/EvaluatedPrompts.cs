namespace Rlhf.Evaluation;

/// <summary>The episodes of one policy on the evaluation prompts, prompt by prompt in the order of their places.</summary>
public sealed class EvaluatedPrompts
{
    private readonly IReadOnlyList<IReadOnlyList<EvaluatedEpisode>> _prompts;

    public EvaluatedPrompts(IEnumerable<EvaluatedEpisode> episodes)
    {
        var groups = episodes.GroupBy(episode => episode.Prompt).OrderBy(group => group.Key).ToArray();
        Places = [.. groups.Select(group => group.Key)];
        _prompts = [.. groups.Select(group => (IReadOnlyList<EvaluatedEpisode>)[.. group.OrderBy(episode => episode.Sample)])];
        All = [.. _prompts.SelectMany(samples => samples)];
        HasGold = All.Count > 0 && All.All(episode => episode.Gold is { } gold && double.IsFinite(gold));
    }

    public IReadOnlyList<int> Places { get; }

    public IReadOnlyList<EvaluatedEpisode> All { get; }

    /// <summary>Whether every episode carries a gold score.</summary>
    public bool HasGold { get; }

    /// <summary>The first sample of each prompt: a share of distinct n-grams falls with the number of texts, so policies are compared by equally many.</summary>
    public IEnumerable<EvaluatedEpisode> First => _prompts.Select(samples => samples[0]);

    public int Count => _prompts.Count;

    /// <summary>The smallest number of samples that a prompt has.</summary>
    public int Samples => _prompts.Count == 0 ? 0 : _prompts.Min(samples => samples.Count);

    public IReadOnlyList<EvaluatedEpisode> this[int prompt] => _prompts[prompt];

    /// <summary>The mean over each prompt's samples.</summary>
    public double[] Means(Func<EvaluatedEpisode, double> measure) => [.. _prompts.Select(samples => samples.Average(measure))];

    /// <summary>Every sample's number, a list per prompt.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Values(Func<EvaluatedEpisode, double> measure) =>
        [.. _prompts.Select(samples => (IReadOnlyList<double>)[.. samples.Select(measure)])];
}
