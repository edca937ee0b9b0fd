using System.Net;
using System.Text;

namespace Rlhf.Reports.Charts;

/// <summary>Writes elements of HTML or SVG. Every attribute and text is escaped: no content can become markup.</summary>
public class MarkupWriter
{
    private readonly StringBuilder _text = new();
    private readonly Stack<string> _open = [];

    public override string ToString() => _open.Count == 0
        ? _text.ToString()
        : throw new InvalidOperationException($"<{_open.Peek()}> is still open");

    public void Open(string name, params (string Name, string Value)[] attributes)
    {
        Tag(name, attributes);
        _text.Append('>');
        _open.Push(name);
    }

    public void Close() => _text.Append("</").Append(_open.Pop()).Append('>').Append(AfterElement);

    /// <summary>An element without content.</summary>
    public void Empty(string name, params (string Name, string Value)[] attributes)
    {
        Tag(name, attributes);
        _text.Append("/>").Append(AfterElement);
    }

    public void Text(string content) => _text.Append(WebUtility.HtmlEncode(Printable(content)));

    /// <summary>An element that holds a text and nothing else.</summary>
    public void Text(string name, string content, params (string Name, string Value)[] attributes)
    {
        Open(name, attributes);
        Text(content);
        Close();
    }

    /// <summary>Markup of this project's own making; it is not escaped.</summary>
    public void Raw(string markup) => _text.Append(markup);

    /// <summary>What follows an element: nothing, because between words of a text a line break would show as a space.</summary>
    protected virtual string AfterElement => "";

    private void Tag(string name, (string Name, string Value)[] attributes)
    {
        _text.Append('<').Append(name);
        foreach (var (attribute, value) in attributes)
            _text.Append(' ').Append(attribute).Append("=\"").Append(WebUtility.HtmlEncode(Printable(value))).Append('"');
    }

    // Control characters and halves of surrogate pairs are not allowed in a document.
    private static string Printable(string text)
    {
        var clean = true;
        foreach (var c in text) clean &= c is >= ' ' and < '\u007f' or '\n' or '\t' or (>= '\u00a0' and < '\ud800');
        if (clean) return text;
        var printable = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            printable.Append(rune.Value is '\n' or '\t' || !Rune.IsControl(rune) ? rune.ToString() : "\ufffd");
        return printable.ToString();
    }
}
