using System.Globalization;
using Rlhf.Foundation;
using Rlhf.Foundation.Data;
using Rlhf.Foundation.Files;

namespace Rlhf.Evaluation;

/// <summary>curve.csv: the table of a curve, RFC 4180; a number that is not known is an empty field.</summary>
internal static class CurveCsv
{
    public static void Write(Curve curve, string path) => Durable.WriteText(path, Text(CurveTable.Of(curve)));

    public static string Text(CurveTable table)
    {
        var lines = new List<string> { Csv.Line([.. table.TextColumns, .. table.NumberColumns]) };
        foreach (var row in table.Rows) lines.Add(Csv.Line([.. row.Texts, .. row.Numbers.Select(Csv.Number)]));
        return string.Concat(lines);
    }

    public static CurveTable Read(string path)
    {
        var records = Csv.Parse(File.ReadAllText(path));
        if (records.Count == 0) throw new RlhfException($"{path}: is empty, expected the header of a curve: make it again with `rlhf curve`");
        var header = records[0];
        var texts = header.TakeWhile(name => name != "step").Count();
        var rows = records.Skip(1).Select((fields, i) => fields.Count == header.Count
            ? new CurveRow([.. fields.Take(texts)], [.. fields.Skip(texts).Select((field, column) => Number(field, path, i + 2, header[texts + column]))])
            : throw new RlhfException($"{path}: record {i + 2} has {fields.Count} fields, expected {header.Count} as in the header"));
        return new CurveTable([.. header.Take(texts)], [.. header.Skip(texts)], [.. rows]);
    }

    private static double Number(string field, string path, int record, string column)
    {
        if (field.Length == 0) return double.NaN;
        return double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new RlhfException($"{path}: record {record}, column {column}: found `{field}`, expected a number");
    }
}
