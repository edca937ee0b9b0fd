using Rlhf.Foundation.Data;

namespace Rlhf.Policies.Tokenization.Chat;

/// <summary>ChatML: &lt;|im_start|&gt;role, a line break, the content, &lt;|im_end|&gt; and a line break (Qwen2, SmolLM2).</summary>
internal sealed record ChatMlFormat() : ChatFormat("chatml")
{
    private const string Start = "<|im_start|>";
    private const string End = "<|im_end|>";

    /// <summary>What stands as the system's message where a dialogue has none.</summary>
    public string? DefaultSystem { get; init; }

    /// <summary>Whether a dialogue begins with the BOS token.</summary>
    public bool BeginsWithBos { get; init; }

    public override string GenerationPrompt => $"{Start}{ChatRoles.Assistant}\n";

    public override IEnumerable<ChatPart> Parts(IReadOnlyList<ChatMessage> messages, ChatTokens tokens)
    {
        if (BeginsWithBos) yield return Given(tokens.RequiredBos(Name));
        if (DefaultSystem is not null && messages is not [{ Role: ChatRoles.System }, ..])
            yield return Given($"{Start}{ChatRoles.System}\n{DefaultSystem}{End}\n");
        foreach (var (role, content) in messages)
        {
            switch (role)
            {
                case ChatRoles.System or ChatRoles.User:
                    yield return Given($"{Start}{role}\n{content}{End}\n");
                    break;
                case ChatRoles.Assistant:
                    yield return Given(GenerationPrompt);
                    yield return Produced($"{content}{End}");
                    yield return Given("\n");
                    break;
                default:
                    throw UnknownRole(role);
            }
        }
    }
}
