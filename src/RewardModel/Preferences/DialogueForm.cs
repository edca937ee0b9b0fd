using System.Text;
using Rlhf.Foundation;
using Rlhf.Foundation.Data;

namespace Rlhf.Rewards.Preferences;

/// <summary>How a dialogue becomes text.</summary>
/// <param name="Prompt">The turns before the reply, with whatever announces the reply.</param>
/// <param name="Reply">The reply itself as it follows the prompt.</param>
internal sealed record DialogueForm(Func<IReadOnlyList<ChatMessage>, string> Prompt, Func<string, string> Reply)
{
    internal const string Human = "\n\nHuman:", Assistant = "\n\nAssistant:";

    /// <summary><c>\n\nHuman: … \n\nAssistant: …</c>, as in Anthropic's HH.</summary>
    public static DialogueForm Plain { get; } = new(PlainPrompt, reply => $" {reply}");

    private static string PlainPrompt(IReadOnlyList<ChatMessage> turns)
    {
        var text = new StringBuilder();
        foreach (var turn in turns)
        {
            text.Append(turn.Role switch
            {
                "system" => "",
                "user" or "human" => $"{Human} ",
                "assistant" or "gpt" => $"{Assistant} ",
                _ => throw new RlhfException($"a message has the role '{turn.Role}'; expected system, user or assistant"),
            }).Append(turn.Content);
        }

        return text.Append(Assistant).ToString();
    }
}
