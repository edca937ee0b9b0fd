using Rlhf.Foundation.Data;

namespace Rlhf.Evaluation;

/// <summary>curve.parquet: the table of a curve; a number that is not known is null.</summary>
internal static class CurveParquet
{
    public static void Write(Curve curve, string path)
    {
        var table = CurveTable.Of(curve);
        using var writer = RowWriter.Create(path);
        for (var i = 0; i < table.Rows.Count; i++)
        {
            var row = table.Rows[i];
            writer.Write(Row.Of(path, i + 1,
            [
                .. table.TextColumns.Select((name, column) => (name, (object?)row.Texts[column])),
                .. table.NumberColumns.Select((name, column) => (name, double.IsFinite(row.Numbers[column]) ? (object?)row.Numbers[column] : null)),
            ]));
        }

        writer.Commit();
    }

    public static CurveTable Read(string path)
    {
        var names = CurveTable.Columns;
        return new CurveTable(names.Texts, names.Numbers,
        [
            .. RowReader.Read(path).Select(row => new CurveRow(
                [.. names.Texts.Select(row.Text)],
                [.. names.Numbers.Select(name => row.Has(name) ? row.Number(name) : double.NaN)])),
        ]);
    }
}
