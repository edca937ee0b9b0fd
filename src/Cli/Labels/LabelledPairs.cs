using Rlhf.Foundation;
using Rlhf.Foundation.Data;

namespace Rlhf.Cli.Labels;

/// <summary>Labels as preference pairs, which reward models learn from: without ties, skips and what was taken back.</summary>
internal static class LabelledPairs
{
    /// <summary>The margin that the strongest preference asks of the scores; the others in thirds of it (Touvron et al. 2023).</summary>
    private const double MostMargin = 1;
    private const int MostStrength = 3;

    /// <summary>Whether a file's first row is a label's.</summary>
    public static bool AreIn(string path) => RowReader.Read(path, _ => { }).FirstOrDefault() is { } first && first.Has("answer") && first.Has("pair") && first.Has("annotator");

    public static IEnumerable<(string Column, object? Value)[]> Rows(IEnumerable<LabelEntry> standing)
    {
        foreach (var label in standing.Where(label => label.Answer is Answer.First or Answer.Second))
        {
            var isFirst = label.Answer == Answer.First;
            yield return
            [
                ("prompt", label.Prompt), ("chosen", isFirst ? label.First : label.Second), ("rejected", isFirst ? label.Second : label.First),
                ("margin", label.Strength is { } strength ? MostMargin * strength / MostStrength : null),
                ("annotator", label.Annotator), ("time", label.Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture)),
                ("strength", label.Strength), ("seconds", label.Seconds), ("note", label.Note), ("label", label.Id),
            ];
        }
    }

    /// <summary>Writes them in the format that the name's ending says.</summary>
    /// <returns>how many there are</returns>
    public static long Write(string path, IEnumerable<LabelEntry> standing)
    {
        var rows = Rows(standing).ToArray();
        if (rows.Length == 0) throw new RlhfException("there is no preference yet: nothing but ties and skips, or nothing at all");
        // A column that no row has a value for would have no type in Parquet.
        var empty = rows[0].Select(cell => cell.Column).Where(column => rows.All(row => Array.Find(row, cell => cell.Column == column).Value is null)).ToHashSet();
        using var writer = RowWriter.Create(path);
        foreach (var row in rows) writer.Write(Row.Of(path, writer.Count + 1, [.. row.Where(cell => !empty.Contains(cell.Column))]));
        writer.Commit();
        return writer.Count;
    }
}
