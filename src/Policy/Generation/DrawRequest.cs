namespace Rlhf.Policies.Generation;

/// <summary>What the next tokens of episodes are drawn by: for each token of all episodes together, one after the other.</summary>
internal sealed class DrawRequest
{
    private DrawRequest(int tokens, (int, int)[] next, float[] uniforms, bool[]? unfinished) => (Tokens, Next, Uniforms, Unfinished) = (tokens, next, uniforms, unfinished);

    /// <summary>K, the tokens that every episode gets.</summary>
    public int Tokens { get; }

    /// <summary>[R] the episode of each row, and the how-manieth of its tokens is the next.</summary>
    public (int Episode, int Token)[] Next { get; }

    /// <summary>[K, R] in [0, 1).</summary>
    public float[] Uniforms { get; }

    /// <summary>[K, R], true where the response may not end yet; null where all may.</summary>
    public bool[]? Unfinished { get; }

    public static DrawRequest For(IReadOnlyList<GrowingEpisode> episodes, int tokens, int minNewTokens)
    {
        var uniforms = new float[tokens * episodes.Count];
        for (int ahead = 0, at = 0; ahead < tokens; ahead++)
            foreach (var episode in episodes) uniforms[at++] = episode.Uniform(episode.Count + ahead);
        (int, int)[] next = [.. episodes.Select(episode => (episode.Index, episode.Count))];
        if (episodes.All(episode => episode.Count >= minNewTokens)) return new DrawRequest(tokens, next, uniforms, null);
        var unfinished = Enumerable.Range(0, tokens).SelectMany(ahead => episodes.Select(episode => episode.Count + ahead < minNewTokens));
        return new DrawRequest(tokens, next, uniforms, [.. unfinished]);
    }
}

/// <summary>Tokens and their log-probs, both [K, R].</summary>
internal readonly record struct Drawn(long[] Tokens, float[] LogProbs);
