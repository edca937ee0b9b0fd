using System.Globalization;

namespace Rlhf.Reports.Charts;

/// <summary>Writes SVG; coordinates are rounded to a tenth of a pixel.</summary>
public sealed class SvgWriter : MarkupWriter
{
    protected override string AfterElement => "\n";

    public static string Number(double value)
    {
        var text = value.ToString("0.#", CultureInfo.InvariantCulture);
        return text == "-0" ? "0" : text;
    }

    public void Line(double x1, double y1, double x2, double y2, params (string Name, string Value)[] attributes) =>
        Empty("line", [("x1", Number(x1)), ("y1", Number(y1)), ("x2", Number(x2)), ("y2", Number(y2)), .. attributes]);

    public void Label(double x, double y, string content, params (string Name, string Value)[] attributes) =>
        Text("text", content, [("x", Number(x)), ("y", Number(y)), .. attributes]);
}
