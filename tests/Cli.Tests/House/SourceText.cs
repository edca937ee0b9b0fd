using System.Text;
using System.Text.RegularExpressions;

namespace Rlhf.Cli.Tests.House;

/// <summary>C# source without its comments and without what its strings say; the code in the holes of a string stays.</summary>
internal sealed partial class SourceText
{
    private readonly string _text;
    private readonly StringBuilder _code = new();
    private int _at;

    private SourceText(string text) => _text = text;

    public static string CodeOf(string text)
    {
        var source = new SourceText(text);
        source.Code();
        while (source._at < text.Length)
        {
            source._at++;
            source.Code();
        }

        return source._code.ToString();
    }

    /// <summary>Up to the end, or to a brace that closes what was opened before.</summary>
    private void Code()
    {
        for (var depth = 0; _at < _text.Length;)
        {
            if (Skip(Comment()) || Skip(Character())) _code.Append(' ');
            else if (Opening().Match(_text, _at) is { Success: true } opening) Literal(opening);
            else
            {
                depth += _text[_at] switch { '{' => 1, '}' => -1, _ => 0 };
                if (depth < 0) return;
                _code.Append(_text[_at++]);
            }
        }
    }

    private void Literal(Match opening)
    {
        var isVerbatim = opening.Groups["verbatim"].Success;
        var quotes = isVerbatim ? 1 : opening.Groups["quotes"].Length;
        var braces = opening.Groups["dollars"].Length;
        _at = opening.Groups["quotes"].Index + quotes;
        _code.Append(' ');
        if (quotes == 2) return;
        var end = new string('"', quotes);
        while (_at < _text.Length)
        {
            if (quotes == 1 && !isVerbatim && _text[_at] == '\\') _at += 2;
            else if (isVerbatim && Has("\"\"")) _at += 2;
            else if (Has(end))
            {
                _at += quotes;
                return;
            }
            else if (braces > 0 && quotes == 1 && Has("{{")) _at += 2;
            else if (braces > 0 && Has(new string('{', braces)))
            {
                _at += braces;
                Code();
                _code.Append(' ');
                _at += braces;
            }
            else _at++;
        }
    }

    private bool Has(string text) => string.CompareOrdinal(_text, _at, text, 0, text.Length) == 0;

    private bool Skip(Regex pattern)
    {
        if (pattern.Match(_text, _at) is not { Success: true } found) return false;
        _at += found.Length;
        return true;
    }

    [GeneratedRegex(@"\G(?://[^\n]*|/\*.*?\*/)", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\G'(?:\\[^']+|\\'|[^'\\])'")]
    private static partial Regex Character();

    [GeneratedRegex("""\G(?:(?<dollars>\$+)(?<verbatim>@)?|(?<verbatim>@)(?<dollars>\$)?)?(?<quotes>"+)""")]
    private static partial Regex Opening();
}
