using Rlhf.Foundation;
using Rlhf.Foundation.Data;

namespace Rlhf.Rewards.Preferences;

/// <summary>Reads columns of a row and says what is wrong with them instead of throwing.</summary>
internal static class RowColumns
{
    /// <summary>The fault of a column that should hold one of the kinds, or null.</summary>
    public static Fault? Check(Row row, string column, params ReadOnlySpan<ColumnKind> expected)
    {
        var kind = row.Kind(column);
        if (expected.Contains(kind)) return null;
        return kind switch
        {
            ColumnKind.Missing => new Fault(DefectKind.MissingColumn, $"there is no column '{column}'"),
            ColumnKind.Null => new Fault(DefectKind.MissingColumn, $"column '{column}' is null"),
            _ => new Fault(DefectKind.WrongType, $"column '{column}' holds {Name(kind)}, expected {string.Join(" or ", expected.ToArray().Select(Name))}"),
        };
    }

    /// <summary>The messages of a column that is known to hold a list; null and a fault where its items are no messages.</summary>
    public static IReadOnlyList<ChatMessage>? Messages(Row row, string column, out Fault? fault)
    {
        fault = null;
        try
        {
            return row.Messages(column);
        }
        catch (RlhfException error)
        {
            fault = new Fault(DefectKind.WrongType, error.Message);
            return null;
        }
    }

    /// <summary>A number that may be absent; a fault where the column holds something else.</summary>
    public static double? OptionalNumber(Row row, string column, ref Fault? fault)
    {
        if (!row.Has(column)) return null;
        if (Check(row, column, ColumnKind.Number) is not { } found) return row.Number(column);
        fault ??= found;
        return null;
    }

    /// <summary>Throws if the first row of a file lacks a column altogether: then the file is of another kind, or its columns are named differently.</summary>
    public static void Demand(Row first, string purpose, params ReadOnlySpan<string> columns)
    {
        foreach (var column in columns)
        {
            if (first.Kind(column) != ColumnKind.Missing) continue;
            throw new RlhfException(
                $"{first.Source}: there is no column '{column}', which {purpose} need; the file has {string.Join(", ", first.Columns)}; name its columns under 'columns:'");
        }
    }

    private static string Name(ColumnKind kind) => kind switch
    {
        ColumnKind.Text => "text",
        ColumnKind.List => "a list of messages",
        ColumnKind.Number => "a number",
        ColumnKind.Boolean => "true or false",
        ColumnKind.Object => "an object",
        _ => "nothing",
    };
}
