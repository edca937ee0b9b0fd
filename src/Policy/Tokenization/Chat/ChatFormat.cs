using Rlhf.Foundation;
using Rlhf.Foundation.Data;
using Rlhf.Policies.Tokenization.Bpe;

namespace Rlhf.Policies.Tokenization.Chat;

/// <summary>How a dialogue is written out. BOS and EOS are the texts of those tokens.</summary>
internal abstract record ChatFormat(string Name)
{
    /// <summary>What follows the dialogue where the assistant is to speak.</summary>
    public virtual string GenerationPrompt => "";

    /// <summary>A dialogue up to where the assistant speaks next.</summary>
    public virtual string Prompt(IReadOnlyList<ChatMessage> messages, ChatTokens tokens) => string.Concat(Parts(messages, tokens).Select(part => part.Text)) + GenerationPrompt;

    public abstract IEnumerable<ChatPart> Parts(IReadOnlyList<ChatMessage> messages, ChatTokens tokens);

    protected static ChatPart Given(string text) => new(ChatPartKind.Given, text);

    protected static ChatPart Produced(string text) => new(ChatPartKind.Produced, text);

    protected RlhfException UnknownRole(string role)
        => new($"chat template {Name}: a message has role '{role}', expected {ChatRoles.System}, {ChatRoles.User} or {ChatRoles.Assistant}");
}

/// <summary>The texts of the special tokens a format may write.</summary>
internal sealed record ChatTokens(string? Bos, string? Eos)
{
    public string RequiredBos(string format) => Bos ?? throw Missing(format, "BOS", SpecialRoles.Bos);

    public string RequiredEos(string format) => Eos ?? throw Missing(format, "EOS", SpecialRoles.Eos);

    private static RlhfException Missing(string format, string token, string key)
        => new($"chat template {format} writes the {token} token, but the tokenizer has none; name it as {key} in tokenizer_config.json or choose another chat_template");
}
