using Rlhf.Foundation.Data;

namespace Rlhf.Rewards.Preferences;

/// <summary>A named text of a row, such as its prompt.</summary>
internal readonly record struct TextPart(string Name, string Text);

/// <summary>What a file's rows are for, recognised from the columns of the first, and how a row falls into texts.</summary>
internal sealed class RowShape
{
    public delegate IReadOnlyList<TextPart>? Dissection(Row row, out Fault? fault);

    private RowShape(string name, Dissection dissect) => (Name, Dissect) = (name, dissect);

    /// <summary>preferences, answers, sft, dialogues, labels, text, prompts, or unknown.</summary>
    public string Name { get; }

    public Dissection Dissect { get; }

    public static RowShape Of(Row first, ColumnNames columns, DialogueForm form)
    {
        bool Has(string column) => first.Kind(column) != ColumnKind.Missing;
        if (Has(columns.Chosen) && Has(columns.Rejected)) return Pairs(columns, form);
        if (Has(columns.Prompt) && Has("completion")) return Texts("sft", columns.Prompt, "completion");
        if (Has("annotator") && Has("answer") && Has("pair")) return Answers();
        if (Has(columns.Text) && Has(columns.Label)) return Labels(columns);
        if (Has(columns.Text)) return Texts("text", columns.Text);
        if (Has("messages")) return Prompts("dialogues", columns, form);
        return Has(columns.Prompt) ? Prompts("prompts", columns, form) : Texts("unknown");
    }

    private static RowShape Pairs(ColumnNames columns, DialogueForm form)
    {
        var parser = new PairParser(columns, form);
        return new RowShape("preferences", (Row row, out Fault? fault) => parser.Parse(row, out fault) is { } pair
            ? [new TextPart("prompt", pair.Prompt), new TextPart("chosen", pair.Chosen), new TextPart("rejected", pair.Rejected)]
            : null);
    }

    private static RowShape Prompts(string name, ColumnNames columns, DialogueForm form)
    {
        var parser = new PromptParser(columns, form);
        return new RowShape(name, (Row row, out Fault? fault) => parser.Parse(row, out fault) is { } prompt ? [new TextPart("prompt", prompt.Prompt)] : null);
    }

    private static RowShape Labels(ColumnNames columns)
    {
        var parser = new LabelParser(columns);
        return new RowShape("labels", (Row row, out Fault? fault) => parser.Parse(row, out fault) is { } label ? [new TextPart("text", label.Text)] : null);
    }

    /// <summary>What people answered in `rlhf serve`; a row that takes an answer back has no texts.</summary>
    private static RowShape Answers()
    {
        var answers = Texts("answers", "prompt", "first", "second");
        return new RowShape(answers.Name, (Row row, out Fault? fault) =>
        {
            if (!row.Has("undo")) return answers.Dissect(row, out fault);
            fault = null;
            return [];
        });
    }

    /// <summary>Rows of which every named column is a text that is not empty.</summary>
    private static RowShape Texts(string name, params string[] columns) => new(name, (Row row, out Fault? fault) =>
    {
        var parts = new List<TextPart>();
        foreach (var column in columns)
        {
            fault = RowColumns.Check(row, column, ColumnKind.Text);
            if (fault is null && string.IsNullOrWhiteSpace(row.Text(column))) fault = new Fault(DefectKind.EmptyReply, $"column '{column}' is empty");
            if (fault is not null) return null;
            parts.Add(new TextPart(column, row.Text(column)));
        }

        fault = null;
        return parts;
    });
}
