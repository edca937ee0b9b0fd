namespace Rlhf.Dpo;

/// <summary>A reply that is desirable or not, beside one that answers another prompt.</summary>
/// <param name="Own">the prompt with its reply</param>
/// <param name="Foreign">the same prompt with a reply to another</param>
/// <param name="IsDesirable">what people said of its own</param>
internal sealed record RatedReply(TokenizedReply Own, TokenizedReply Foreign, bool IsDesirable);
