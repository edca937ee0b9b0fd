using Rlhf.Foundation;
using Rlhf.Foundation.Data;
using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Tokenization.Chat;

namespace Rlhf.Policies.Sft;

/// <summary>
/// Rows to tokens. A text and a completion end with the model's end token; a dialogue ends its turns as its template
/// does; BOS comes first where the tokenizer puts it.
/// </summary>
internal sealed class SftRows(TextTokenizer tokenizer, SftRecipe recipe)
{
    private readonly Lazy<ChatTemplate> _template = new(() => ChatTemplate.For(tokenizer, recipe.ChatTemplate));

    /// <summary>The rows of a file; one that holds nothing to learn is passed over.</summary>
    public IReadOnlyList<SftExample> Read(string path)
    {
        var examples = RowReader.Read(path).Select(Encode).Where(example => example.Tokens.Length > 1 && example.Counted.AsSpan(1).Contains(true)).ToArray();
        return examples.Length > 0 ? examples : throw new RlhfException($"{path}: holds no row with anything to learn; expected columns text, prompt and completion, or messages");
    }

    public SftExample Encode(Row row)
    {
        var parts = Parts(row);
        var tokens = new List<int>();
        var counted = new List<bool>();
        var before = "";
        foreach (var (text, produced) in parts)
        {
            int[] ids = tokens.Count == 0 ? WithStart(text) : Continuation(before, text);
            before += text;
            tokens.AddRange(ids);
            counted.AddRange(Enumerable.Repeat(produced || recipe.LossOn == LossOn.All, ids.Length));
        }

        if (!row.Has("messages") && tokenizer.Eos is { } end)
        {
            tokens.Add(end);
            counted.Add(true);
        }

        var kept = Math.Min(tokens.Count, recipe.MaxLength);
        return new SftExample([.. tokens.Take(kept)], [.. counted.Take(kept)]);
    }

    private IEnumerable<(string Text, bool Produced)> Parts(Row row)
    {
        if (row.Has("messages")) return _template.Value.Parts(row.Messages("messages")).Select(part => (part.Text, part.Kind == ChatPartKind.Produced));
        if (row.Has("prompt")) return [(row.Text("prompt"), false), (row.Text("completion"), true)];
        return [(row.Text("text"), true)];
    }

    // A tokenizer that puts a space before every text would put one between the parts; what comes after a prompt is
    // encoded with it, unless its tokens were others then.
    private int[] Continuation(string before, string text)
    {
        var first = tokenizer.Encode(before);
        var all = tokenizer.Encode(before + text);
        return all.AsSpan().StartsWith(first) ? all[first.Length..] : tokenizer.Encode(text);
    }

    // BOS where the tokenizer's own rules put it, and no end.
    private int[] WithStart(string text)
    {
        var ids = tokenizer.Encode(text);
        if (tokenizer.Bos is not { } start || (ids.Length > 0 && ids[0] == start)) return ids;
        return tokenizer.EncodeWithSpecials(text) is [var first, ..] && first == start ? [start, .. ids] : ids;
    }
}
