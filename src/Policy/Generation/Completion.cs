namespace Rlhf.Policies.Generation;

/// <summary>Why a response ended.</summary>
public enum StopReason
{
    /// <summary>The model said so, with an end or stop token.</summary>
    Eos,
    /// <summary>Its text came to hold a stop string.</summary>
    StopString,
    /// <summary>It was cut off.</summary>
    Length,
}

/// <summary>A response.</summary>
public sealed class Completion
{
    /// <summary>The response's tokens, the one that ended it included.</summary>
    public required int[] Tokens { get; init; }

    /// <summary>
    /// The log-prob of each token under softmax(logits/T) over the whole vocabulary (T = 1 where tokens were chosen
    /// greedily), whatever was truncated when it was drawn.
    /// </summary>
    public required float[] LogProbs { get; init; }

    public required StopReason Reason { get; init; }

    /// <summary>The text, without special tokens and up to a stop string; null from a generator that has no tokenizer.</summary>
    public string? Text { get; init; }
}
