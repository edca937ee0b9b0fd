using System.Text;

namespace Rlhf.Policies.Tokenization.Jinja;

internal enum TokenKind { Text, BlockStart, BlockEnd, OutputStart, OutputEnd, Name, Word, Whole, Real, Operator, End }

/// <param name="Text">of a Word (a text in quotes): what it stands for</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line)
{
    public bool Is(string operatorOrName) => Kind is TokenKind.Operator or TokenKind.Name && Text == operatorOrName;

    public override string ToString() => Kind switch
    {
        TokenKind.BlockEnd => "end of statement block",
        TokenKind.OutputEnd => "end of print statement",
        TokenKind.End => "end of template",
        _ => Text,
    };
}

/// <summary>
/// A template's tokens, white space around tags already taken away as Jinja does with trim_blocks and lstrip_blocks: a line
/// break behind a tag of statements or a comment goes, and so does what indents one that begins a line.
/// </summary>
internal sealed class Lexer
{
    private static readonly string[] Operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;
    private bool _beginsLine = true;

    private Lexer(string source)
    {
        source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        _source = source.EndsWith('\n') ? source[..^1] : source;
    }

    public static List<Token> Read(string source)
    {
        var lexer = new Lexer(source);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        while (_at < _source.Length)
        {
            var tag = NextTag();
            var text = _source[_at..tag];
            if (tag == _source.Length)
            {
                AddText(text, text);
                _at = tag;
                break;
            }

            var isOutput = _source[tag + 1] == '{';
            var sign = tag + 2 < _source.Length ? _source[tag + 2] : ' ';
            AddText(text, Kept(text, isOutput, sign));
            _at = tag + (sign is '-' or '+' ? 3 : 2);
            switch (_source[tag + 1])
            {
                case '#': Comment(); break;
                case '%' when IsRaw(out var length): Raw(length); break;
                default: Tag(isOutput); break;
            }
        }

        _tokens.Add(new Token(TokenKind.End, "", _line));
    }

    private int NextTag()
    {
        for (var at = _at; (at = _source.IndexOf('{', at)) >= 0; at++)
        {
            if (at + 1 < _source.Length && _source[at + 1] is '{' or '%' or '#') return at;
        }

        return _source.Length;
    }

    private string Kept(string text, bool isOutput, char sign)
    {
        if (sign == '-') return PythonText.TrimEnd(text);
        if (sign == '+' || isOutput) return text;
        var line = text.LastIndexOf('\n') + 1;
        return (line > 0 || _beginsLine) && PythonText.TrimStart(text.AsSpan(line)).Length == 0 ? text[..line] : text;
    }

    private void AddText(string whole, string kept)
    {
        if (kept.Length > 0) _tokens.Add(new Token(TokenKind.Text, kept, _line));
        Passed(whole);
    }

    private void Passed(ReadOnlySpan<char> text)
    {
        _line += text.Count('\n');
        if (text.Length > 0) _beginsLine = text[^1] == '\n';
    }

    // Behind a tag: "-" takes all white space away, "+" none, and a block's own end one line break.
    private void Close(int at, int length, char sign, bool takesBreak)
    {
        var end = at + length;
        if (sign == '-')
        {
            while (end < _source.Length && PythonText.IsSpace(_source[end])) end++;
        }
        else if (takesBreak && sign != '+' && end < _source.Length && _source[end] == '\n')
        {
            end++;
        }

        Passed(_source.AsSpan(at, end - at));
        _at = end;
    }

    private void Comment()
    {
        var end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0) throw new TemplateException("a comment '{#' has no end '#}'", _line);
        Passed(_source.AsSpan(_at, end - _at));
        Close(end, 2, end > _at ? _source[end - 1] : ' ', takesBreak: true);
    }

    private bool IsRaw(out int length)
    {
        var rest = _source.AsSpan(_at);
        var tail = PythonText.TrimStart(rest);
        length = 0;
        if (!tail.StartsWith("raw")) return false;
        tail = PythonText.TrimStart(tail[3..]);
        if (!tail.StartsWith("%}") && !tail.StartsWith("-%}")) return false;
        length = rest.Length - tail.Length;
        return true;
    }

    private void Raw(int length)
    {
        var begins = _line;
        Passed(_source.AsSpan(_at, length));
        _at += length;
        if (_source[_at] == '-') Close(_at + 1, 2, '-', takesBreak: false);
        else Close(_at, 2, '+', takesBreak: false);
        for (var tag = _at; (tag = _source.IndexOf("{%", tag, StringComparison.Ordinal)) >= 0; tag++)
        {
            var inside = tag + 2;
            var sign = inside < _source.Length ? _source[inside] : ' ';
            if (sign is '-' or '+') inside++;
            var rest = PythonText.TrimStart(_source.AsSpan(inside));
            if (!rest.StartsWith("endraw")) continue;
            rest = PythonText.TrimStart(rest[6..]);
            var end = rest.Length > 0 && rest[0] is '-' or '+' ? rest[0] : ' ';
            if (end != ' ') rest = rest[1..];
            if (!rest.StartsWith("%}")) continue;
            var text = _source[_at..tag];
            AddText(text, Kept(text, isOutput: false, sign));
            Close(_source.Length - rest.Length, 2, end, takesBreak: true);
            return;
        }

        throw new TemplateException("'raw' has no 'endraw'", begins);
    }

    private void Tag(bool isOutput)
    {
        _tokens.Add(new Token(isOutput ? TokenKind.OutputStart : TokenKind.BlockStart, isOutput ? "{{" : "{%", _line));
        var (begins, ends, open) = (_line, isOutput ? "}}" : "%}", 0);
        while (true)
        {
            while (_at < _source.Length && PythonText.IsSpace(_source[_at]))
            {
                Passed(_source.AsSpan(_at, 1));
                _at++;
            }

            if (_at >= _source.Length) throw new TemplateException($"a tag '{(isOutput ? "{{" : "{%")}' has no end '{ends}'", begins);
            var rest = _source.AsSpan(_at);
            var sign = rest[0] is '-' or '+' && rest[1..].StartsWith(ends) && !(isOutput && rest[0] == '+') ? rest[0] : ' ';
            if (open == 0 && (sign != ' ' || rest.StartsWith(ends)))
            {
                _tokens.Add(new Token(isOutput ? TokenKind.OutputEnd : TokenKind.BlockEnd, ends, _line));
                Close(sign == ' ' ? _at : _at + 1, 2, sign, takesBreak: !isOutput);
                return;
            }

            var token = Next(rest);
            if (token.Kind == TokenKind.Operator && token.Text is "(" or "[" or "{") open++;
            if (token.Kind == TokenKind.Operator && token.Text is ")" or "]" or "}") open--;
            if (open < 0) throw new TemplateException($"unexpected '{token.Text}'", _line);
            _tokens.Add(token);
        }
    }

    private Token Next(ReadOnlySpan<char> rest)
    {
        var line = _line;
        if (rest[0] is '\'' or '"') return new Token(TokenKind.Word, Quoted(rest[0]), line);
        if (char.IsAsciiDigit(rest[0])) return Number(rest);
        if (char.IsLetter(rest[0]) || rest[0] == '_')
        {
            var length = 1;
            while (length < rest.Length && (char.IsLetterOrDigit(rest[length]) || rest[length] == '_')) length++;
            return Taken(TokenKind.Name, rest[..length].ToString());
        }

        foreach (var one in Operators)
        {
            if (rest.StartsWith(one)) return Taken(TokenKind.Operator, one);
        }

        throw new TemplateException($"unexpected character '{rest[0]}'", line);
    }

    private Token Taken(TokenKind kind, string text)
    {
        Passed(text);
        _at += text.Length;
        return new Token(kind, text, _line);
    }

    private Token Number(ReadOnlySpan<char> rest)
    {
        var length = 0;
        if (rest.Length > 1 && rest[0] == '0' && rest[1] is 'x' or 'X' or 'b' or 'B' or 'o' or 'O') length = 2;
        var plain = length == 0;
        while (length < rest.Length && (char.IsAsciiHexDigit(rest[length]) && (!plain || char.IsAsciiDigit(rest[length])) || rest[length] == '_')) length++;
        var whole = length;
        if (plain && length + 1 < rest.Length && rest[length] == '.' && char.IsAsciiDigit(rest[length + 1]))
        {
            length++;
            while (length < rest.Length && char.IsAsciiDigit(rest[length])) length++;
        }

        if (plain && length < rest.Length && rest[length] is 'e' or 'E')
        {
            var digits = length + 1;
            if (digits < rest.Length && rest[digits] is '+' or '-') digits++;
            if (digits < rest.Length && char.IsAsciiDigit(rest[digits]))
            {
                length = digits;
                while (length < rest.Length && char.IsAsciiDigit(rest[length])) length++;
            }
        }

        return Taken(length > whole ? TokenKind.Real : TokenKind.Whole, rest[..length].ToString());
    }

    private string Quoted(char quote)
    {
        var begins = _line;
        var text = new StringBuilder();
        var at = _at + 1;
        for (; at < _source.Length && _source[at] != quote; at++)
        {
            if (_source[at] != '\\' || at + 1 >= _source.Length) text.Append(_source[at]);
            else at = Escape(at + 1, text, begins);
        }

        if (at >= _source.Length) throw new TemplateException($"a text that begins with {quote} has no end", begins);
        Passed(_source.AsSpan(_at, at + 1 - _at));
        _at = at + 1;
        return text.ToString();
    }

    // Python's escapes; a backslash before anything else stays. Returns the place of the last character that belongs to it.
    private int Escape(int at, StringBuilder text, int line)
    {
        const string Letters = "abfnrtv\\'\"", Meanings = "\a\b\f\n\r\t\v\\'\"";
        var letter = _source[at];
        if (Letters.IndexOf(letter) is var known and >= 0)
        {
            text.Append(Meanings[known]);
            return at;
        }

        if (letter == '\n') return at;
        if (letter is >= '0' and <= '7')
        {
            int value = 0, end = at;
            while (end < _source.Length && end < at + 3 && _source[end] is >= '0' and <= '7') value = value * 8 + _source[end++] - '0';
            text.Append((char)value);
            return end - 1;
        }

        var digits = letter switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits == 0)
        {
            text.Append('\\').Append(letter);
            return at;
        }

        if (at + digits >= _source.Length || !uint.TryParse(_source.AsSpan(at + 1, digits), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var code) || code > 0x10FFFF)
            throw new TemplateException($"'\\{letter}' is followed by no {digits} hexadecimal digits of a character", line);
        text.Append(code > 0xFFFF ? char.ConvertFromUtf32((int)code) : ((char)code).ToString());
        return at + digits;
    }
}
