
namespace Rlhf.Policies.Generation;

/// <summary>The host's half of generation: which episode has which row, what its tokens are and when it ends.</summary>
internal sealed class EpisodeBatch(DecodeLoop loop, int tokensAhead, int minNewTokens, IReadOnlySet<int> ends)
{
    private readonly List<GrowingEpisode> _episodes = [];

    public int Count => _episodes.Count;

    /// <summary>Takes in new episodes, each with its first token, and gives back those of them that ended with it.</summary>
    public IReadOnlyList<GrowingEpisode> Admit(IReadOnlyList<GrowingEpisode> episodes)
    {
        var drawn = loop.Admit([.. episodes.Select(episode => episode.Prompt)], DrawRequest.For(episodes, 1, minNewTokens));
        _episodes.AddRange(episodes);
        return TakeOutEnded(episodes, drawn);
    }

    /// <summary>Gives every episode a token, or several of them before anybody looks, and takes out those that ended.</summary>
    public IReadOnlyList<GrowingEpisode> Advance()
    {
        // What an episode draws after its end is never looked at.
        var tokens = Math.Min(tokensAhead, _episodes.Max(episode => episode.Remaining));
        return TakeOutEnded(_episodes, loop.Advance(DrawRequest.For(_episodes, tokens, minNewTokens)));
    }

    private GrowingEpisode[] TakeOutEnded(IReadOnlyList<GrowingEpisode> episodes, Drawn drawn)
    {
        for (var at = 0; at < drawn.Tokens.Length; at++)
        {
            var episode = episodes[at % episodes.Count];
            if (episode.Ended is null) episode.Add((int)drawn.Tokens[at], drawn.LogProbs[at], ends);
        }

        var ended = _episodes.Where(episode => episode.Ended is not null).ToArray();
        if (ended.Length > 0) Keep(Kept());
        return ended;
    }

    /// <summary>The rows that go on, with the last ones in the places of those that ended: the fewest moves.</summary>
    private int[] Kept()
    {
        var rows = Enumerable.Range(0, Count).ToList();
        for (var row = 0; row < rows.Count;)
        {
            if (_episodes[rows[row]].Ended is null)
            {
                row++;
                continue;
            }

            rows[row] = rows[^1];
            rows.RemoveAt(rows.Count - 1);
        }

        return [.. rows];
    }

    private void Keep(int[] rows)
    {
        GrowingEpisode[] kept = [.. rows.Select(row => _episodes[row])];
        _episodes.Clear();
        _episodes.AddRange(kept);
        loop.Keep(rows);
    }
}
