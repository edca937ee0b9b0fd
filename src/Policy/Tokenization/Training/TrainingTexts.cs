using System.Text;
using Rlhf.Foundation;
using Rlhf.Foundation.Data;

namespace Rlhf.Policies.Tokenization.Training;

/// <summary>The texts of data files, one after another, in bounded memory.</summary>
internal static class TrainingTexts
{
    private const string Messages = "messages";
    private const int ParagraphLength = 1 << 16;

    /// <param name="columns">Columns of text or of dialogue turns; none means every column of text, and messages.</param>
    public static IEnumerable<string> Read(string path, IReadOnlyList<string> columns)
        => Path.GetExtension(path).Equals(".txt", StringComparison.OrdinalIgnoreCase) ? Paragraphs(path) : Rows(path, columns);

    private static IEnumerable<string> Rows(string path, IReadOnlyList<string> columns)
    {
        var found = false;
        foreach (var row in RowReader.Read(path))
        {
            foreach (var text in columns.Count > 0 ? columns.SelectMany(column => Texts(row, column)) : Texts(row))
            {
                found = true;
                yield return text;
            }
        }

        if (!found) throw new RlhfException($"{path} holds no text to learn from; name its columns of text as tokenizer.columns");
    }

    private static IEnumerable<string> Texts(Row row)
        => row.Columns.Where(column => row.Kind(column) == ColumnKind.Text || (column == Messages && row.Kind(column) == ColumnKind.List))
            .SelectMany(column => Texts(row, column));

    private static IEnumerable<string> Texts(Row row, string column) => row.Kind(column) switch
    {
        ColumnKind.List => row.Messages(column).Select(message => message.Content),
        ColumnKind.Null => [],
        _ => [row.Text(column)],
    };

    /// <summary>Whole paragraphs, so that line breaks are learnt as they stand between words.</summary>
    private static IEnumerable<string> Paragraphs(string path)
    {
        var text = new StringBuilder();
        using var reader = new StreamReader(path);
        if (reader.Peek() < 0) throw new RlhfException($"{path} is empty");
        while (reader.ReadLine() is { } line)
        {
            text.Append(line).Append('\n');
            if (line.Length > 0 || text.Length < ParagraphLength) continue;
            yield return text.ToString();
            text.Clear();
        }

        if (text.Length > 0) yield return text.ToString();
    }
}
