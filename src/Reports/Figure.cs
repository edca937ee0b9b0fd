using Rlhf.Reports.Charts;

namespace Rlhf.Reports;

/// <summary>A chart in the page: drawn for each width it may be given, with its numbers to take away.</summary>
internal static class Figure
{
    /// <summary>Across the page where there is room.</summary>
    public static void Broad(MarkupWriter html, Chart chart) =>
        Write(html, chart, "broad", [("wide", ChartSize.Wide), ("medium", ChartSize.Medium), ("narrow", ChartSize.Narrow)]);

    public static void Grid(MarkupWriter html, IEnumerable<Chart> charts)
    {
        html.Open("div", ("class", "grid"));
        foreach (var chart in charts) Write(html, chart, "half", [("medium", ChartSize.Medium), ("narrow", ChartSize.Narrow)]);
        html.Close();
    }

    private static void Write(MarkupWriter html, Chart chart, string kind, (string Width, ChartSize Size)[] drawings)
    {
        html.Open("figure", ("id", $"figure-{chart.Id}"), ("class", kind));
        html.Open("figcaption");
        html.Text("h3", chart.Title);
        html.Text("p", chart.Description);
        html.Close();
        html.Open("div", ("class", "plot"));
        foreach (var (width, size) in drawings)
        {
            html.Open("div", ("class", width));
            html.Raw(ChartRenderer.Inline(chart, size));
            html.Close();
        }

        html.Close();
        html.Open("p", ("class", "links"));
        Download.Csv(html, chart.Id, "numbers (CSV)", ChartCsv.Text(chart));
        html.Close();
        html.Close();
        html.Raw("\n");
    }
}
