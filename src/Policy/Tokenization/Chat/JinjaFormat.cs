using Rlhf.Foundation;
using Rlhf.Foundation.Data;
using Rlhf.Policies.Tokenization.Jinja;

namespace Rlhf.Policies.Tokenization.Chat;

/// <summary>
/// A tokenizer's own template. What an assistant produces is what its generation blocks write; where it has none, what a turn
/// adds to the prompt before it, up to the token that ends the turn.
/// </summary>
/// <param name="Specials">texts of the special tokens, one of which ends a turn</param>
/// <param name="Variables">names of special tokens and their texts, as templates know them</param>
internal sealed record JinjaFormat(Template Template, IReadOnlyList<string> Specials, IReadOnlyDictionary<string, string> Variables) : ChatFormat("auto")
{
    public override string Prompt(IReadOnlyList<ChatMessage> messages, ChatTokens tokens) => Render(messages, messages.Count, asks: true).Text;

    public override IEnumerable<ChatPart> Parts(IReadOnlyList<ChatMessage> messages, ChatTokens tokens)
    {
        var (whole, produced) = Render(messages, messages.Count, asks: false);
        if (!Template.HasGeneration) produced = [.. Turns(messages, whole)];
        var at = 0;
        foreach (var (start, end) in produced)
        {
            if (start > at) yield return Given(whole[at..start]);
            if (end > start) yield return Produced(whole[start..end]);
            at = end;
        }

        if (at < whole.Length) yield return Given(whole[at..]);
    }

    private IEnumerable<(int Start, int End)> Turns(IReadOnlyList<ChatMessage> messages, string whole)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i].Role != ChatRoles.Assistant) continue;
            var start = Start(messages, i, whole);
            yield return (start, End(messages, i, whole, start));
        }
    }

    // Some templates open an answer otherwise when they ask for one than when they have it: what both share is given.
    private int Start(IReadOnlyList<ChatMessage> messages, int turn, string whole)
    {
        var prompt = Render(messages, turn, asks: true).Text;
        var shared = whole.AsSpan().CommonPrefixLength(prompt);
        if (shared == prompt.Length) return shared;
        var before = turn == 0 ? 0 : Render(messages, turn, asks: false).Text.Length;
        return shared > before ? shared : throw Unclear(turn);
    }

    private int End(IReadOnlyList<ChatMessage> messages, int turn, string whole, int start)
    {
        var turnAlone = turn == messages.Count - 1 ? whole : Render(messages, turn + 1, asks: false).Text;
        if (turnAlone.Length > start && whole.StartsWith(turnAlone, StringComparison.Ordinal)) return Trimmed(whole, start, turnAlone.Length);
        // An earlier turn that is written otherwise once the dialogue goes on ends with the first special token behind its words.
        var words = PythonText.Trim(messages[turn].Content);
        var found = whole.IndexOf(words, start, StringComparison.Ordinal);
        if (found < 0 && words.LastIndexOf("</think>", StringComparison.Ordinal) is var thought and >= 0)
        {
            words = PythonText.Trim(words[(thought + "</think>".Length)..]);
            found = whole.IndexOf(words, start, StringComparison.Ordinal);
        }

        if (found < 0) throw Unclear(turn);
        var ends = Specials.Select(token => (Token: token, At: whole.IndexOf(token, found + words.Length, StringComparison.Ordinal))).Where(one => one.At >= 0).ToArray();
        if (ends.Length == 0) throw Unclear(turn);
        var first = ends.MinBy(one => (one.At, -one.Token.Length));
        return first.At + first.Token.Length;
    }

    // White space behind the token that ends a turn is not the model's to write.
    private int Trimmed(string whole, int start, int end)
    {
        var last = end;
        while (last > start && PythonText.IsSpace(whole[last - 1])) last--;
        return Specials.Any(token => token.Length <= last - start && whole.AsSpan(start, last - start).EndsWith(token)) ? last : end;
    }

    private RenderedText Render(IReadOnlyList<ChatMessage> messages, int count, bool asks)
    {
        var given = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["messages"] = ListValue.Of(messages.Take(count).Select(message => (object?)Value(message))), ["add_generation_prompt"] = asks, ["tools"] = null, ["documents"] = null,
        };
        foreach (var (name, text) in Variables) given[name] = text;
        return Template.Render(given, DateTime.Now);
    }

    private static DictValue Value(ChatMessage message)
    {
        var value = new DictValue();
        (value.Items["role"], value.Items["content"]) = (message.Role, message.Content);
        return value;
    }

    private static RlhfException Unclear(int turn) =>
        new($"the tokenizer's chat template: what the assistant says in message {turn + 1} cannot be told apart from the rest; mark it with {{% generation %}} there, or set chat_template to a named one");
}
