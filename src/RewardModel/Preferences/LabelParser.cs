using Rlhf.Foundation.Data;

namespace Rlhf.Rewards.Preferences;

/// <summary>Turns a <c>{text, label}</c> row into a labelled text; labels are numbers from 0 to 1, or true and false.</summary>
internal sealed class LabelParser(ColumnNames columns)
{
    public LabelRow? Parse(Row row, out Fault? fault)
    {
        fault = RowColumns.Check(row, columns.Text, ColumnKind.Text) ?? RowColumns.Check(row, columns.Label, ColumnKind.Number, ColumnKind.Boolean);
        if (fault is not null) return null;
        var label = row.Kind(columns.Label) == ColumnKind.Number ? row.Number(columns.Label) : row.Boolean(columns.Label) ? 1 : 0;
        var text = row.Text(columns.Text);
        if (label is < 0 or > 1) fault = new Fault(DefectKind.WrongType, $"column '{columns.Label}' holds {label}, expected a number from 0 to 1");
        else if (string.IsNullOrWhiteSpace(text)) fault = new Fault(DefectKind.EmptyReply, "the text is empty");
        return fault is null ? new LabelRow(text, label, row.Line) : null;
    }
}
