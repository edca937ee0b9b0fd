namespace Rlhf.Foundation.Data;

/// <summary>One turn of a dialogue, as in <c>{"role": "user", "content": "…"}</c>.</summary>
public sealed record ChatMessage(string Role, string Content);
