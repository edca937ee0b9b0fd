using Rlhf.Foundation.Data;

namespace Rlhf.Policies.Tokenization.Chat;

/// <summary>Zephyr: &lt;|role|&gt;, a line break, the content, EOS and a line break (Tunstall et al. 2023; TinyLlama).</summary>
internal sealed record ZephyrFormat() : ChatFormat("zephyr")
{
    public override string GenerationPrompt => $"<|{ChatRoles.Assistant}|>\n";

    public override IEnumerable<ChatPart> Parts(IReadOnlyList<ChatMessage> messages, ChatTokens tokens)
    {
        var end = tokens.RequiredEos(Name);
        foreach (var (role, content) in messages)
        {
            switch (role)
            {
                case ChatRoles.System or ChatRoles.User:
                    yield return Given($"<|{role}|>\n{content}{end}\n");
                    break;
                case ChatRoles.Assistant:
                    yield return Given(GenerationPrompt);
                    yield return Produced($"{content}{end}");
                    yield return Given("\n");
                    break;
                default:
                    throw UnknownRole(role);
            }
        }
    }
}
