using Rlhf.Foundation;
using Rlhf.Policies.Randomness;

namespace Rlhf.Policies.Generation;

/// <summary>One prompt on its way to a response.</summary>
internal sealed class GrowingEpisode(int index, int[] prompt, RandomKey key, int room, StopStrings? stops)
{
    private readonly List<int> _tokens = [];
    private readonly List<float> _logProbs = [];

    /// <summary>Its place among the prompts that were given.</summary>
    public int Index => index;

    public int[] Prompt => prompt;

    /// <summary>Tokens generated so far.</summary>
    public int Count => _tokens.Count;

    /// <summary>Tokens it may still get.</summary>
    public int Remaining => room - _tokens.Count;

    public StopReason? Ended { get; private set; }

    /// <summary>The number that draws the token after so many.</summary>
    public float Uniform(int position) => CounterRandom.Uniform(key, (uint)position);

    /// <exception cref="NotFiniteException">The model's logits are no numbers: any token would be as good.</exception>
    public void Add(int token, float logProb, IReadOnlySet<int> ends)
    {
        if (!float.IsFinite(logProb)) throw new NotFiniteException($"prompt {key.Prompt + 1}: the log-probability of token {Count + 1} of the response is not finite (found {logProb}); the model's weights are damaged, or diverged in training");
        _tokens.Add(token);
        _logProbs.Add(logProb);
        if (ends.Contains(token)) Ended = StopReason.Eos;
        else if (stops?.Sees(token) == true) Ended = StopReason.StopString;
        else if (Remaining == 0) Ended = StopReason.Length;
    }

    public Completion Finish(Func<IReadOnlyList<int>, string>? text) => new()
    {
        Tokens = [.. _tokens], LogProbs = [.. _logProbs], Reason = Ended ?? throw new InvalidOperationException("the episode has not ended"), Text = text?.Invoke(_tokens),
    };
}
