using System.Globalization;
using System.Net;
using System.Text;

namespace Rlhf.Charts;

/// <summary>Writes SVG elements: every attribute and text is escaped, coordinates are rounded to a tenth of a pixel.</summary>
public sealed class SvgWriter
{
    private readonly StringBuilder _text = new();
    private readonly Stack<string> _open = [];

    public override string ToString() => _open.Count == 0
        ? _text.ToString()
        : throw new InvalidOperationException($"<{_open.Peek()}> is still open");

    public static string Number(double value)
    {
        var text = value.ToString("0.#", CultureInfo.InvariantCulture);
        return text == "-0" ? "0" : text;
    }

    public void Open(string name, params (string Name, string Value)[] attributes)
    {
        Tag(name, attributes);
        _text.Append('>');
        _open.Push(name);
    }

    public void Close() => _text.Append("</").Append(_open.Pop()).Append(">\n");

    public void Empty(string name, params (string Name, string Value)[] attributes)
    {
        Tag(name, attributes);
        _text.Append("/>\n");
    }

    /// <summary>An element that holds a text and nothing else.</summary>
    public void Text(string name, string content, params (string Name, string Value)[] attributes)
    {
        Open(name, attributes);
        _text.Append(WebUtility.HtmlEncode(content));
        Close();
    }

    /// <summary>A style sheet of this project's own making; it is not escaped.</summary>
    public void Style(string css) => _text.Append("<style>").Append(css).Append("</style>\n");

    public void Line(double x1, double y1, double x2, double y2, params (string Name, string Value)[] attributes) =>
        Empty("line", [("x1", Number(x1)), ("y1", Number(y1)), ("x2", Number(x2)), ("y2", Number(y2)), .. attributes]);

    public void Label(double x, double y, string content, params (string Name, string Value)[] attributes) =>
        Text("text", content, [("x", Number(x)), ("y", Number(y)), .. attributes]);

    private void Tag(string name, (string Name, string Value)[] attributes)
    {
        _text.Append('<').Append(name);
        foreach (var (attribute, value) in attributes)
            _text.Append(' ').Append(attribute).Append("=\"").Append(WebUtility.HtmlEncode(value)).Append('"');
    }
}
