using Rlhf.Foundation;
using Rlhf.Foundation.Data;

namespace Rlhf.Policies.Tokenization.Chat;

/// <summary>
/// Llama 2 (Touvron et al. 2023): BOS [INST] user [/INST] assistant EOS, contents trimmed, the system's message inside the
/// first user's between &lt;&lt;SYS&gt;&gt; marks. User and assistant take turns.
/// </summary>
internal sealed record Llama2Format() : ChatFormat("llama2")
{
    /// <summary>Nothing: a prompt ends with [/INST].</summary>
    public override string GenerationPrompt => "";

    public override IEnumerable<ChatPart> Parts(IReadOnlyList<ChatMessage> messages, ChatTokens tokens)
    {
        var (begin, end) = (tokens.RequiredBos(Name), tokens.RequiredEos(Name));
        var system = messages is [{ Role: ChatRoles.System }, ..] ? $"<<SYS>>\n{messages[0].Content}\n<</SYS>>\n\n" : "";
        var turns = system.Length > 0 ? messages.Skip(1) : messages;
        var expected = ChatRoles.User;
        foreach (var (role, content) in turns)
        {
            if (role is not (ChatRoles.System or ChatRoles.User or ChatRoles.Assistant)) throw UnknownRole(role);
            if (role != expected)
                throw new RlhfException($"chat template {Name}: a message has role '{role}' where '{expected}' was expected; user and assistant take turns, after at most one system message");

            if (role == ChatRoles.User)
            {
                yield return Given($"{begin}[INST] {(system + content).Trim()} [/INST]");
                system = "";
                expected = ChatRoles.Assistant;
            }
            else
            {
                yield return Produced($" {content.Trim()} {end}");
                expected = ChatRoles.User;
            }
        }
    }
}
