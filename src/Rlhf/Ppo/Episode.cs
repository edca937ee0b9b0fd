using Rlhf.Policies.Generation;
using Rlhf.Rewards.Scorers;

namespace Rlhf.Ppo;

/// <summary>One prompt with its response.</summary>
internal sealed class Episode
{
    public required Prompt Prompt { get; init; }

    /// <summary>Which of the prompt's episodes of this step it is.</summary>
    public required int Sample { get; init; }

    /// <summary>Tokens, including the one that ended it.</summary>
    public required int[] Response { get; init; }

    /// <summary>The response as text, without special tokens.</summary>
    public required string Text { get; init; }

    /// <summary>ln π of each token when it was drawn.</summary>
    public required float[] LogProbs { get; init; }

    public required StopReason Reason { get; init; }

    /// <summary>It came to an end of its own, and was not cut off.</summary>
    public bool Ended => Reason != StopReason.Length;

    /// <summary>Tokens that go through a model to judge it.</summary>
    public int Cost => Prompt.Tokens.Length + Response.Length;

    /// <summary>As a scorer sees it.</summary>
    public ScoredText Scored => new(Prompt.Text, Text, Prompt.Tokens, Response) { Facts = Prompt.Facts };

    public Exchange Exchange => new(Prompt.Tokens, Response);
}
