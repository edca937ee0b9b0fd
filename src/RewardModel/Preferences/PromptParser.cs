using System.Text;
using Rlhf.Foundation.Data;

namespace Rlhf.Rewards.Preferences;

/// <summary>Turns a row into a prompt: from its prompt column (text or messages), its <c>messages</c>, or the beginning its two sides share.</summary>
/// <param name="facts">Columns whose values come along as text.</param>
internal sealed class PromptParser(ColumnNames columns, DialogueForm form, IReadOnlyList<string>? facts = null)
{
    private const string Dialogue = "messages";

    private readonly PairParser pairs = new(columns, form);

    public PromptRow? Parse(Row row, out Fault? fault)
    {
        if (Text(row, out fault) is not { } prompt) return null;
        if (string.IsNullOrWhiteSpace(prompt)) fault = new Fault(DefectKind.EmptyPrompt, "the prompt is empty");
        var known = Facts(row, ref fault);
        return fault is null ? new PromptRow(prompt, row.Line) { Facts = known } : null;
    }

    private Dictionary<string, string> Facts(Row row, ref Fault? fault)
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var column in facts ?? [])
        {
            if (row.Has(column)) known[column] = row.Kind(column) == ColumnKind.Text ? row.Text(column) : Encoding.UTF8.GetString(row.Raw(column)!.Value.Span);
            else fault ??= new Fault(DefectKind.MissingColumn, $"there is no column '{column}', which the score asks for");
        }

        return known;
    }

    /// <summary>Whether a file whose first row this is holds prompts at all.</summary>
    internal bool Fits(Row first) =>
        first.Kind(columns.Prompt) != ColumnKind.Missing || first.Kind(Dialogue) != ColumnKind.Missing || first.Kind(columns.Chosen) != ColumnKind.Missing;

    private string? Text(Row row, out Fault? fault)
    {
        if (!row.Has(columns.Prompt) && row.Has(columns.Chosen)) return pairs.Parse(row, out fault)?.Prompt;
        var column = row.Has(columns.Prompt) || !row.Has(Dialogue) ? columns.Prompt : Dialogue;
        fault = RowColumns.Check(row, column, ColumnKind.Text, ColumnKind.List);
        if (fault is not null) return null;
        if (row.Kind(column) == ColumnKind.Text) return row.Text(column);
        if (RowColumns.Messages(row, column, out fault) is not { } turns) return null;
        IReadOnlyList<ChatMessage> asked = turns is [.., { Role: "assistant" or "gpt" }] ? [.. turns.SkipLast(1)] : turns;
        return asked.Count == 0 ? "" : form.Prompt(asked);
    }
}
