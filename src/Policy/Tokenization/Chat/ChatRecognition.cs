using System.Text.RegularExpressions;

namespace Rlhf.Policies.Tokenization.Chat;

/// <summary>
/// Recognises the chat templates of the hub (programs in Jinja) by the marks they write. A template with marks of a known
/// format that also does what that format does not is not recognised: a wrong guess would train on wrong text.
/// </summary>
internal static partial class ChatRecognition
{
    public static ChatFormat? Recognise(string template)
    {
        // Reasoning models rewrite earlier turns and open the answer with <think>.
        if (HasAny(template, "<think>", "reasoning_content")) return null;
        var marks = Marks(template);
        return marks switch
        {
            { ChatMl: true, Llama2: false, Zephyr: false, Plain: false } => ChatMl(template),
            { ChatMl: false, Llama2: true, Zephyr: false, Plain: false } => new Llama2Format(),
            { ChatMl: false, Llama2: false, Zephyr: true, Plain: false } => new ZephyrFormat(),
            { ChatMl: false, Llama2: false, Zephyr: false, Plain: true } => new PlainFormat(),
            _ => null,
        };
    }

    private static FormatMarks Marks(string template) => new(
        ChatMl: HasAll(template, "<|im_start|>", "<|im_end|>"),
        // Mistral's templates have [INST] without <<SYS>>, and place BOS and spaces otherwise.
        Llama2: HasAll(template, "[INST]", "[/INST]", "<<SYS>>"),
        // Phi-3's have the same roles but end turns with <|end|>.
        Zephyr: HasAll(template, "<|user|>", "<|assistant|>", "eos_token") && !template.Contains("<|end|>", StringComparison.Ordinal),
        Plain: HasAll(template, "Human:", "Assistant:"));

    private static ChatMlFormat ChatMl(string template)
    {
        var system = DefaultSystem().Match(template);
        return new ChatMlFormat
        {
            DefaultSystem = system.Success ? system.Groups[1].Value : null,
            BeginsWithBos = BosFirst().IsMatch(template),
        };
    }

    private static bool HasAll(string text, params ReadOnlySpan<string> marks)
    {
        foreach (var mark in marks)
            if (!text.Contains(mark, StringComparison.Ordinal)) return false;
        return true;
    }

    private static bool HasAny(string text, params ReadOnlySpan<string> marks)
    {
        foreach (var mark in marks)
            if (text.Contains(mark, StringComparison.Ordinal)) return true;
        return false;
    }

    /// <summary>A system message written out whole in the template: '&lt;|im_start|&gt;system\nYou are …&lt;|im_end|&gt;\n'.</summary>
    [GeneratedRegex("""<\|im_start\|>system(?:\\n|\n)([^'"{}<>]+)<\|im_end\|>""")]
    private static partial Regex DefaultSystem();

    [GeneratedRegex("""^\s*(?:\{%[^%]*%\}\s*)*\{\{-?\s*bos_token\b""")]
    private static partial Regex BosFirst();

    private readonly record struct FormatMarks(bool ChatMl, bool Llama2, bool Zephyr, bool Plain);
}
