namespace Rlhf.Reports.Charts;

/// <summary>The names of a chart's marks: in rows above the plot, or beside the ends of the lines where they fit.</summary>
internal sealed class Legend
{
    private const double RowHeight = 20;
    private const double KeyWidth = 22;
    private const double LineHeight = 15;

    private readonly IReadOnlyList<(string Name, Mark[] Marks)> _entries;
    private readonly List<IReadOnlyList<int>> _rows;

    public Legend(IReadOnlyList<Mark> marks, ChartSize size, double xMin, double xMax)
    {
        _entries = [.. marks.Where(mark => mark.Legend.Length > 0).GroupBy(mark => mark.Legend).Select(group => (group.Key, group.ToArray()))];
        var labels = _entries.Count == 0 ? 0 : _entries.Max(entry => TextWidth.Of(entry.Name, Pens.FontSize)) + 14;
        IsDirect = size.Width >= 520 && _entries.Count is > 1 and <= 6 && labels < 0.24 * size.Width
            && _entries.All(entry => End(entry.Marks) is { } end && end.X >= xMax - 0.05 * (xMax - xMin));
        RightWidth = IsDirect ? labels : 0;
        _rows = IsDirect || _entries.Count < 2 ? [] : Rows(size.Width - 12);
    }

    /// <summary>Whether names stand beside the lines.</summary>
    public bool IsDirect { get; }

    /// <summary>Room to keep at the right.</summary>
    public double RightWidth { get; }

    /// <summary>Room to keep above.</summary>
    public double Height => _rows.Count * RowHeight;

    public void DrawRows(SvgWriter svg, double left, double top, double width)
    {
        for (var row = 0; row < _rows.Count; row++)
        {
            var x = left;
            var y = top + (row + 0.5) * RowHeight;
            foreach (var i in _rows[row])
            {
                foreach (var mark in _entries[i].Marks) mark.DrawKey(svg, x, y);
                svg.Label(x + KeyWidth + 6, y + 4, TextWidth.Fit(_entries[i].Name, Pens.FontSize, width - KeyWidth - 6), ("fill", "var(--ink)"));
                x += EntryWidth(i);
            }
        }
    }

    /// <summary>Names at the ends of the lines, pushed apart where they would overlap.</summary>
    public void DrawDirect(SvgWriter svg, Frame frame)
    {
        if (!IsDirect) return;
        var labels = _entries.Select(entry => (entry.Name, entry.Marks[^1].Ink, Y: Math.Clamp(frame.Y.At(End(entry.Marks)!.Value.Y), frame.Top, frame.Bottom)))
            .OrderBy(label => label.Y).ToArray();
        var places = Apart([.. labels.Select(label => label.Y)], LineHeight, frame.Top, frame.Bottom);
        for (var i = 0; i < labels.Length; i++)
        {
            if (Math.Abs(places[i] - labels[i].Y) > 3)
                svg.Line(frame.Right + 2, labels[i].Y, frame.Right + 9, places[i], ("stroke", labels[i].Ink.ColourVariable), ("stroke-width", "1"));
            svg.Label(frame.Right + 12, places[i] + 4, labels[i].Name, ("fill", labels[i].Ink.ColourVariable));
        }
    }

    /// <summary>Sorted places moved as little as keeps them a distance apart and inside the ends.</summary>
    internal static double[] Apart(double[] wanted, double distance, double low, double high)
    {
        var places = wanted.ToArray();
        for (var i = 1; i < places.Length; i++) places[i] = Math.Max(places[i], places[i - 1] + distance);
        if (places.Length > 0) places[^1] = Math.Min(places[^1], Math.Max(high, low + distance * (places.Length - 1)));
        for (var i = places.Length - 2; i >= 0; i--) places[i] = Math.Min(places[i], places[i + 1] - distance);
        return places;
    }

    private static (double X, double Y)? End(Mark[] marks) => marks.Select(mark => mark.End).FirstOrDefault(end => end is not null);

    private double EntryWidth(int i) => KeyWidth + 6 + TextWidth.Of(_entries[i].Name, Pens.FontSize) + 18;

    private List<IReadOnlyList<int>> Rows(double width)
    {
        var rows = new List<IReadOnlyList<int>>();
        var row = new List<int>();
        var used = 0.0;
        for (var i = 0; i < _entries.Count; i++)
        {
            if (row.Count > 0 && used + EntryWidth(i) - 18 > width)
            {
                rows.Add(row);
                (row, used) = ([], 0);
            }

            row.Add(i);
            used += EntryWidth(i);
        }

        rows.Add(row);
        return rows;
    }
}
