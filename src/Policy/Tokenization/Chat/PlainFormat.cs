using Rlhf.Foundation.Data;

namespace Rlhf.Policies.Tokenization.Chat;

/// <summary>
/// The dialogues of HH-RLHF (Bai et al. 2022): "\n\nHuman: …\n\nAssistant: …". Models without chat tokens know where to stop
/// because EOS follows the last answer.
/// </summary>
internal sealed record PlainFormat() : ChatFormat("plain")
{
    public override string GenerationPrompt => "\n\nAssistant:";

    public override IEnumerable<ChatPart> Parts(IReadOnlyList<ChatMessage> messages, ChatTokens tokens)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            var (role, content) = messages[i];
            switch (role)
            {
                case ChatRoles.System:
                    yield return Given(content);
                    break;
                case ChatRoles.User:
                    yield return Given($"\n\nHuman: {content}");
                    break;
                case ChatRoles.Assistant:
                    yield return Given(GenerationPrompt);
                    yield return Produced($" {content}{(i == messages.Count - 1 ? tokens.RequiredEos(Name) : "")}");
                    break;
                default:
                    throw UnknownRole(role);
            }
        }
    }
}
