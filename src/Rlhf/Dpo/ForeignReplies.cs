using Rlhf.Rewards.Training;

namespace Rlhf.Dpo;

/// <summary>Gives every prompt a reply to another one, the same whatever batch it comes in, so that the reference need be asked once.</summary>
internal sealed class ForeignReplies(int maxLength)
{
    /// <summary>The next reply to another prompt stands beside each.</summary>
    public IReadOnlyList<RatedReply> Beside(IReadOnlyList<TokenizedRating> rated) =>
        [.. rated.Select((one, i) => new RatedReply(new(one.Tokens, one.Reply), Foreign(one, Partner(rated, i)), one.Row.IsDesirable))];

    private static TokenizedRating Partner(IReadOnlyList<TokenizedRating> rated, int place)
    {
        for (var step = 1; step < rated.Count; step++)
        {
            var other = rated[(place + step) % rated.Count];
            if (other.Row.Prompt != rated[place].Row.Prompt) return other;
        }

        return rated[(place + 1) % rated.Count];
    }

    private TokenizedReply Foreign(TokenizedRating mine, TokenizedRating other)
    {
        var reply = other.Tokens[^Math.Min(other.Reply, maxLength - 1)..];
        var prompt = mine.Tokens[..^mine.Reply];
        return new TokenizedReply([.. prompt[^Math.Min(prompt.Length, maxLength - reply.Length)..], .. reply], reply.Length);
    }
}
