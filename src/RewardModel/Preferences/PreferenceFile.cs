using Rlhf.Foundation;
using Rlhf.Foundation.Data;

namespace Rlhf.Rewards.Preferences;

/// <summary>Reads pairs, prompts and labelled texts from a file, row by row; every row that cannot be used goes to the log.</summary>
internal sealed class PreferenceFile(ColumnNames columns, DialogueForm form)
{
    private delegate T? Parser<T>(Row row, out Fault? fault) where T : class;

    public IEnumerable<PreferencePair> Pairs(string path, DefectLog log) =>
        Read(path, new PairParser(columns, form).Parse, log, first => RowColumns.Demand(first, "preference pairs", columns.Chosen, columns.Rejected));

    /// <param name="facts">Columns whose values come along, for scores that ask for them.</param>
    public IEnumerable<PromptRow> Prompts(string path, DefectLog log, IReadOnlyList<string>? facts = null)
    {
        var parser = new PromptParser(columns, form, facts);
        return Read(path, parser.Parse, log, first =>
        {
            if (!parser.Fits(first)) RowColumns.Demand(first, "prompts", columns.Prompt);
            if (facts is not null) RowColumns.Demand(first, "scores", [.. facts]);
        });
    }

    /// <summary>Rated replies; a file of pairs holds two in each row, the chosen one desirable and the other not.</summary>
    public IEnumerable<RatedRow> Ratings(string path, DefectLog log) => HoldsPairs(path)
        ? Pairs(path, log).SelectMany(pair => new[] { new RatedRow(pair.Prompt, pair.Chosen, true, pair.Line), new RatedRow(pair.Prompt, pair.Rejected, false, pair.Line) })
        : Read(path, new RatingParser(columns, form).Parse, log, first => RowColumns.Demand(first, "rated replies", columns.Prompt, columns.Completion, columns.Label));

    public IEnumerable<LabelRow> Labels(string path, DefectLog log) =>
        Read(path, new LabelParser(columns).Parse, log, first => RowColumns.Demand(first, "labelled texts", columns.Text, columns.Label));

    private bool HoldsPairs(string path) =>
        RowReader.Read(path, _ => { }).FirstOrDefault() is { } first && first.Kind(columns.Chosen) != ColumnKind.Missing && first.Kind(columns.Rejected) != ColumnKind.Missing;

    private static IEnumerable<T> Read<T>(string path, Parser<T> parse, DefectLog log, Action<Row> checkFirst) where T : class
    {
        long rows = 0, usable = 0;
        foreach (var row in RowReader.Read(path, defect => log.Add(new Defect(defect.Source, defect.Line, DefectKind.Unreadable, defect.Reason))))
        {
            if (rows++ == 0) checkFirst(row);
            if (parse(row, out var fault) is { } parsed)
            {
                usable++;
                yield return parsed;
            }
            else
            {
                log.Add(new Defect(row.Source, row.Line, fault!.Kind, fault.Reason));
            }
        }

        if (usable == 0) throw new RlhfException($"{path}: none of its {rows} rows can be used; {log}");
    }
}
