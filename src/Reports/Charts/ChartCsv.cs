using System.Text;
using Rlhf.Foundation.Data;

namespace Rlhf.Reports.Charts;

/// <summary>Every number that a chart is drawn from.</summary>
public static class ChartCsv
{
    public static string Text(Chart chart)
    {
        var text = new StringBuilder(Csv.Line(["series", "kind", "x", "y", "low", "high"]));
        foreach (var mark in chart.Marks)
            foreach (var datum in mark.Data)
                text.Append(Csv.Line([mark.Name, Kind(mark), Csv.Number(datum.X), Csv.Number(datum.Y), Csv.Number(datum.Low), Csv.Number(datum.High)]));
        return text.ToString();
    }

    private static string Kind(Mark mark) => mark switch { LineMark => "line", PointMark => "point", BarMark => "bar", _ => "rule" };
}
