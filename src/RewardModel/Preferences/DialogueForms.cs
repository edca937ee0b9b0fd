using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Tokenization.Chat;

namespace Rlhf.Rewards.Preferences;

/// <summary>Dialogue forms by the name of their chat template.</summary>
internal static class DialogueForms
{
    /// <summary>Human/Assistant turns, which need no special tokens.</summary>
    public const string PlainName = "plain";

    public static DialogueForm Of(string name, TextTokenizer tokenizer)
    {
        if (name == PlainName) return DialogueForm.Plain;
        var template = ChatTemplate.For(tokenizer, name);
        return new DialogueForm(template.RenderPrompt, reply => Closed(template, reply));
    }

    /// <summary>The reply with what ends a turn in the template: what the assistant produces in a dialogue of one exchange.</summary>
    private static string Closed(ChatTemplate template, string reply)
    {
        var parts = template.Parts([new(ChatRoles.User, "?"), new(ChatRoles.Assistant, reply)]);
        return string.Concat(parts.Where(part => part.Kind == ChatPartKind.Produced).Select(part => part.Text));
    }
}
