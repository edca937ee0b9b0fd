using Rlhf.Foundation.Data;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Rewards.Preferences;

/// <summary>How to measure a text, by the name of the unit: characters, and tokens where there is a tokenizer.</summary>
internal sealed record LengthUnit(string Name, Func<string, int> Measure)
{
    public static LengthUnit Characters { get; } = new("characters", text => text.Length);
}

/// <summary>Reads a whole data file in bounded memory and reports its schema, lengths, defects and examples.</summary>
internal sealed class DataInspector(ColumnNames columns, DialogueForm form, IReadOnlyList<LengthUnit> units)
{
    private const int ExampleCount = 3, ExampleLength = 300;

    private readonly Dictionary<(string Part, string Unit), LengthHistogram> lengths = [];
    private readonly Dictionary<string, Dictionary<string, long>> holds = [];
    private readonly List<Dictionary<string, string>> examples = [];

    /// <summary>The most a row's texts may measure together, in the last of the units; null for no limit.</summary>
    public int? LongestRow { get; init; }

    public Inspection Inspect(string path, DefectLog log)
    {
        lengths.Clear();
        holds.Clear();
        examples.Clear();
        long rows = 0;
        RowShape? shape = null;
        foreach (var row in RowReader.Read(path, defect => { rows++; log.Add(new Defect(defect.Source, defect.Line, DefectKind.Unreadable, defect.Reason)); }))
        {
            rows++;
            shape ??= RowShape.Of(row, columns, form);
            CountColumns(row);
            if (shape.Dissect(row, out var fault) is { } parts && (fault = Measure(parts)) is null) KeepExample(parts);
            if (fault is not null) log.Add(new Defect(row.Source, row.Line, fault.Kind, fault.Reason));
        }

        return new Inspection
        {
            File = path,
            Format = FileFormat.Of(path),
            Shape = shape?.Name ?? "unknown",
            Rows = rows,
            Columns = [.. holds.Select(column => new ColumnSummary(column.Key, column.Value))],
            Lengths = lengths.GroupBy(entry => entry.Key.Part).ToDictionary(
                part => part.Key,
                part => (IReadOnlyDictionary<string, LengthSummary>)part.ToDictionary(entry => entry.Key.Unit, entry => entry.Value.Summary())),
            Defects = log.Counts,
            DefectiveRows = log.Kept,
            Examples = examples,
        };
    }

    private void CountColumns(Row row)
    {
        foreach (var column in row.Columns)
        {
            if (!holds.TryGetValue(column, out var kinds)) holds[column] = kinds = [];
            var kind = KeyNames.Snake(row.Kind(column).ToString());
            kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
        }
    }

    /// <summary>Adds the lengths of a row's texts, unless the row is longer than asked for.</summary>
    private Fault? Measure(IReadOnlyList<TextPart> parts)
    {
        if (LongestRow is { } most && parts.Sum(part => units[^1].Measure(part.Text)) is var total && total > most)
            return new Fault(DefectKind.TooLong, $"{total} {units[^1].Name}, more than {most}");
        foreach (var part in parts)
        foreach (var unit in units)
        {
            if (!lengths.TryGetValue((part.Name, unit.Name), out var histogram)) lengths[(part.Name, unit.Name)] = histogram = new LengthHistogram();
            histogram.Add(unit.Measure(part.Text));
        }

        return null;
    }

    private void KeepExample(IReadOnlyList<TextPart> parts)
    {
        if (examples.Count < ExampleCount) examples.Add(parts.ToDictionary(part => part.Name, part => Shorten(part.Text)));
    }

    private static string Shorten(string text) => text.Length <= ExampleLength ? text : string.Concat(text.AsSpan(0, ExampleLength - 1), "…");
}
