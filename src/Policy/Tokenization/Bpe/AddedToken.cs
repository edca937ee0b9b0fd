namespace Rlhf.Policies.Tokenization.Bpe;

/// <summary>
/// A token that is looked for in the text before anything else. <c>Special</c> ones are dropped when decoding; <c>StripLeft</c>
/// and <c>StripRight</c> swallow white space beside it; <c>Normalized</c> ones are looked for in the normalized text.
/// </summary>
internal sealed record AddedToken(string Content, int Id)
{
    public bool Special { get; init; } = true;

    public bool SingleWord { get; init; }

    public bool StripLeft { get; init; }

    public bool StripRight { get; init; }

    public bool Normalized { get; init; }
}
