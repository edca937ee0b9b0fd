namespace Rlhf.Reports.Charts;

/// <summary>Strokes, markers and labels that the marks share.</summary>
internal static class Pens
{
    public const double FontSize = 12;

    public static (string Name, string Value)[] Line(Ink ink)
    {
        var (width, opacity) = ink.Weight switch { Weight.Thin => ("1.2", "1"), Weight.Faint => ("1", "0.35"), _ => ("2", "1") };
        var dash = ink.Stroke switch { Stroke.Dashed => "6 4", Stroke.Dotted => "1.5 3.5", _ => "none" };
        return [("fill", "none"), ("stroke", ink.ColourVariable), ("stroke-width", width), ("stroke-opacity", opacity), ("stroke-dasharray", dash), ("stroke-linejoin", "round"), ("stroke-linecap", "round")];
    }

    public static void Marker(SvgWriter svg, Marker marker, Fill fill, Ink ink, double x, double y)
    {
        (string, string)[] paint = [("fill", fill == Fill.Solid ? ink.ColourVariable : "var(--paper)"), ("stroke", fill == Fill.Solid ? "var(--paper)" : ink.ColourVariable), ("stroke-width", fill == Fill.Solid ? "1" : "1.6")];
        if (marker == Charts.Marker.Circle)
        {
            svg.Empty("circle", [("cx", SvgWriter.Number(x)), ("cy", SvgWriter.Number(y)), ("r", "4"), .. paint]);
            return;
        }

        (double X, double Y)[] corners = marker switch
        {
            Charts.Marker.Square => [(-3.6, -3.6), (3.6, -3.6), (3.6, 3.6), (-3.6, 3.6)],
            Charts.Marker.Diamond => [(0, -5), (5, 0), (0, 5), (-5, 0)],
            _ => [(0, -5), (4.6, 3.4), (-4.6, 3.4)],
        };
        svg.Empty("polygon", [("points", string.Join(' ', corners.Select(c => $"{SvgWriter.Number(x + c.X)},{SvgWriter.Number(y + c.Y)}"))), .. paint]);
    }

    /// <summary>A label with a rim in the paper's colour, readable on top of lines.</summary>
    public static void Halo(SvgWriter svg, double x, double y, string text, string anchor, Ink ink) =>
        svg.Label(x, y, text, ("text-anchor", anchor), ("fill", ink.ColourVariable), ("stroke", "var(--paper)"), ("stroke-width", "4"), ("stroke-linejoin", "round"), ("paint-order", "stroke"));
}
