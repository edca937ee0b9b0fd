using Rlhf.Foundation.Data;

namespace Rlhf.Rewards.Preferences;

/// <summary>Turns a <c>{prompt, completion, label}</c> row into a rated reply; labels are true and false, or 1 and 0.</summary>
internal sealed class RatingParser(ColumnNames columns, DialogueForm form)
{
    private readonly PromptParser _prompts = new(columns, form);

    public RatedRow? Parse(Row row, out Fault? fault)
    {
        fault = RowColumns.Check(row, columns.Completion, ColumnKind.Text, ColumnKind.List)
            ?? RowColumns.Check(row, columns.Label, ColumnKind.Number, ColumnKind.Boolean);
        if (fault is not null || _prompts.Parse(row, out fault) is not { } prompt || Reply(row, out fault) is not { } reply) return null;
        if (string.IsNullOrWhiteSpace(reply)) fault = new Fault(DefectKind.EmptyReply, "the reply is empty");
        var label = row.Kind(columns.Label) == ColumnKind.Number ? row.Number(columns.Label) : row.Boolean(columns.Label) ? 1 : 0;
        if (label is not (0 or 1)) fault ??= new Fault(DefectKind.WrongType, $"column '{columns.Label}' holds {label}, expected true or false, or 1 or 0");
        return fault is null ? new RatedRow(prompt.Prompt, reply, label == 1, row.Line) : null;
    }

    /// <summary>A text, or a dialogue's last turn.</summary>
    private string? Reply(Row row, out Fault? fault)
    {
        fault = null;
        if (row.Kind(columns.Completion) == ColumnKind.Text) return row.Text(columns.Completion);
        if (RowColumns.Messages(row, columns.Completion, out fault) is not { } turns) return null;
        if (turns is [.., { Role: "assistant" or "gpt" } last]) return last.Content.Length == 0 ? "" : form.Reply(last.Content);
        fault = new Fault(DefectKind.NoReply, $"column '{columns.Completion}' does not end with a turn of the assistant");
        return null;
    }
}
