namespace Rlhf.Policies.Tokenization.Chat;

/// <summary>Who speaks in a dialogue.</summary>
internal static class ChatRoles
{
    public const string System = "system";
    public const string User = "user";
    public const string Assistant = "assistant";
}

/// <summary>Whether a model is given a part of a rendered dialogue or has to produce it.</summary>
internal enum ChatPartKind { Given, Produced }

/// <summary>A stretch of a rendered dialogue; what an assistant produces includes the token that ends its turn.</summary>
internal sealed record ChatPart(ChatPartKind Kind, string Text);
