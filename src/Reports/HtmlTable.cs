using Rlhf.Reports.Charts;

namespace Rlhf.Reports;

/// <summary>A table whose first column names the row; on a narrow page it scrolls in its own box. Columns of words stand left, of numbers right.</summary>
internal static class HtmlTable
{
    public static void Write(MarkupWriter html, IReadOnlyList<string> header, IEnumerable<string[]> rows)
    {
        var body = rows.ToArray();
        string[] kinds = [.. header.Select((_, column) => body.All(row => IsNumber(row[column])) ? "number" : "words")];
        html.Open("div", ("class", "scroll"), ("tabindex", "0"));
        html.Open("table", ("class", "numbers"));
        html.Open("thead");
        html.Open("tr");
        for (var i = 0; i < header.Count; i++) html.Text("th", header[i], ("scope", "col"), ("class", kinds[i]));
        html.Close();
        html.Close();
        html.Open("tbody");
        foreach (var row in body)
        {
            html.Open("tr");
            html.Text("th", row[0], ("scope", "row"));
            for (var i = 1; i < row.Length; i++) html.Text("td", row[i], ("class", kinds[i]));
            html.Close();
        }

        html.Close();
        html.Close();
        html.Close();
    }

    // Also what stands for a number that is not there.
    private static bool IsNumber(string cell) => cell.Length == 0 || char.IsAsciiDigit(cell[0]) || "−–+∞".Contains(cell[0]) || cell == "no peak";
}
