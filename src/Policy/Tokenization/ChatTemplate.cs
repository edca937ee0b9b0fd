using Rlhf.Foundation;
using Rlhf.Foundation.Data;
using Rlhf.Policies.Tokenization.Chat;
using Rlhf.Policies.Tokenization.Jinja;

namespace Rlhf.Policies.Tokenization;

/// <summary>Writes dialogues as a model was trained to read them.</summary>
public sealed class ChatTemplate
{
    /// <summary>The name that means: whichever template came with the tokenizer.</summary>
    public const string Automatic = "auto";

    private static readonly ChatFormat[] Formats = [new ChatMlFormat(), new Llama2Format(), new ZephyrFormat(), new PlainFormat()];

    private readonly ChatFormat _format;
    private readonly ChatTokens _tokens;

    private ChatTemplate(ChatFormat format, TextTokenizer tokenizer)
    {
        _format = format;
        _tokens = new ChatTokens(Text(tokenizer, tokenizer.Bos), Text(tokenizer, tokenizer.Eos));
    }

    public static IReadOnlyList<string> Names { get; } = [.. Formats.Select(format => format.Name)];

    public string Name => _format.Name;

    /// <summary>The template of that name, or the tokenizer's own for <see cref="Automatic"/>.</summary>
    public static ChatTemplate For(TextTokenizer tokenizer, string name)
    {
        if (name != Automatic)
            return new ChatTemplate(Array.Find(Formats, format => format.Name == name)
                ?? throw new RlhfException($"chat_template is '{name}', expected {Automatic} or one of {Known}"), tokenizer);

        if (tokenizer.ChatTemplateText is not { } text)
            throw new RlhfException($"the tokenizer brings no chat template; set chat_template to one of {Known}");
        try
        {
            return new ChatTemplate(new JinjaFormat(Template.Parse(text), tokenizer.SpecialTokens, tokenizer.SpecialNames), tokenizer);
        }
        catch (TemplateException error)
        {
            throw new RlhfException($"{error.Message}; set chat_template to one of {Known}, if the model reads one of those", error);
        }
    }

    /// <summary>A whole dialogue, in the parts that a model is given and those that it produces.</summary>
    internal IReadOnlyList<ChatPart> Parts(IReadOnlyList<ChatMessage> messages)
    {
        if (messages.Count == 0) throw new RlhfException("a dialogue has no messages");
        return [.. _format.Parts(messages, _tokens)];
    }

    /// <summary>A whole dialogue.</summary>
    public string Render(IReadOnlyList<ChatMessage> messages) => string.Concat(Parts(messages).Select(part => part.Text));

    /// <summary>A dialogue up to where the assistant speaks next.</summary>
    public string RenderPrompt(IReadOnlyList<ChatMessage> messages) => _format.Prompt(messages, _tokens);

    private static string Known => string.Join(", ", Names);

    private static string? Text(TextTokenizer tokenizer, int? id) => id is { } known ? tokenizer.IdToToken(known) : null;
}
