using Rlhf.Foundation.Data;

namespace Rlhf.Rewards.Preferences;

/// <summary>Turns a row, in any of the shapes people keep preferences in, into a pair or a fault.</summary>
internal sealed class PairParser(ColumnNames columns, DialogueForm form)
{
    public PreferencePair? Parse(Row row, out Fault? fault)
    {
        fault = RowColumns.Check(row, columns.Chosen, ColumnKind.Text, ColumnKind.List)
            ?? RowColumns.Check(row, columns.Rejected, row.Kind(columns.Chosen));
        if (fault is not null) return null;
        var found = row.Kind(columns.Chosen) == ColumnKind.Text ? FromTexts(row, out fault) : FromMessages(row, out fault);
        if (found is not { } sides) return null;
        fault = sides.Fault;
        var margin = RowColumns.OptionalNumber(row, columns.Margin, ref fault);
        var chosenScore = RowColumns.OptionalNumber(row, columns.ChosenScore, ref fault);
        var rejectedScore = RowColumns.OptionalNumber(row, columns.RejectedScore, ref fault);
        return fault is not null ? null : new PreferencePair(sides.Prompt, sides.Chosen, sides.Rejected)
        {
            Margin = margin,
            ChosenScore = chosenScore,
            RejectedScore = rejectedScore,
            Line = row.Line,
        };
    }

    private Sides? FromTexts(Row row, out Fault? fault)
    {
        var (chosen, rejected) = (row.Text(columns.Chosen), row.Text(columns.Rejected));
        if (!row.Has(columns.Prompt)) return SharedPrompt.Split(chosen, rejected, out fault);
        return Prompt(row, out fault) is { } prompt ? new Sides(prompt, chosen, rejected) : null;
    }

    private Sides? FromMessages(Row row, out Fault? fault)
    {
        if (RowColumns.Messages(row, columns.Chosen, out fault) is not { } chosen) return null;
        if (RowColumns.Messages(row, columns.Rejected, out fault) is not { } rejected) return null;
        // A prompt column beside whole dialogues repeats what they begin with (UltraFeedback): the dialogues say more.
        if (!row.Has(columns.Prompt) || chosen.Count > 1 || rejected.Count > 1) return SharedPrompt.Split(chosen, rejected, form, out fault);
        if (PromptTurns(row, out fault) is not { } turns) return null;
        return SharedPrompt.Split([.. turns, .. chosen], [.. turns, .. rejected], form, out fault);
    }

    private string? Prompt(Row row, out Fault? fault)
    {
        fault = RowColumns.Check(row, columns.Prompt, ColumnKind.Text, ColumnKind.List);
        if (fault is not null) return null;
        if (row.Kind(columns.Prompt) == ColumnKind.Text) return row.Text(columns.Prompt);
        return RowColumns.Messages(row, columns.Prompt, out fault) is { } turns ? form.Prompt(turns) : null;
    }

    private IReadOnlyList<ChatMessage>? PromptTurns(Row row, out Fault? fault)
    {
        fault = RowColumns.Check(row, columns.Prompt, ColumnKind.Text, ColumnKind.List);
        if (fault is not null) return null;
        return row.Kind(columns.Prompt) == ColumnKind.Text
            ? [new ChatMessage("user", row.Text(columns.Prompt))]
            : RowColumns.Messages(row, columns.Prompt, out fault);
    }
}
