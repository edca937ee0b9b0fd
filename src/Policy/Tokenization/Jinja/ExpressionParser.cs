using System.Globalization;

namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>Reads expressions, as loosely or tightly bound as Jinja binds them.</summary>
internal class ExpressionParser(List<Token> tokens)
{
    private const int MostDepth = 200;

    private readonly HashSet<string> _reads = new(StringComparer.Ordinal);
    private int _at;
    private int _depth;

    protected Token Now => tokens[_at];

    /// <summary>Names that were read so far.</summary>
    protected IReadOnlySet<string> Reads => _reads;

    protected Token Next() => tokens[_at++];

    protected bool Skip(string text)
    {
        if (!Now.Is(text)) return false;
        _at++;
        return true;
    }

    protected Token Expect(string text) => Now.Is(text) ? Next() : throw Unexpected($"'{text}'");

    protected string ExpectName() => Now.Kind == TokenKind.Name ? Next().Text : throw Unexpected("a name");

    protected TemplateException Unexpected(string expected) => new($"found {Now}, where {expected} is expected", Now.Line);

    /// <summary>a if b else c, or what binds tighter.</summary>
    public Expression Expression(bool withChoice = true)
    {
        Deeper();
        var line = Now.Line;
        var value = Or();
        while (withChoice && Skip("if"))
        {
            var test = Or();
            value = new Choice(test, value, Skip("else") ? Expression() : null, line);
        }

        _depth--;
        return value;
    }

    /// <summary>One expression, or a tuple of several.</summary>
    protected Expression Tuple(bool withChoice = true)
    {
        var line = Now.Line;
        var first = Expression(withChoice);
        if (!Now.Is(",")) return first;
        var items = new List<Expression> { first };
        while (Skip(","))
        {
            if (EndsTuple()) break;
            items.Add(Expression(withChoice));
        }

        return new ListOf(items, isTuple: true, line);
    }

    private bool EndsTuple() => Now.Kind is TokenKind.BlockEnd or TokenKind.OutputEnd || Now.Is(")") || Now.Is("in") || Now.Is("if") || Now.Is("recursive") || Now.Is("=");

    private void Deeper()
    {
        if (++_depth > MostDepth) throw new TemplateException($"expressions are nested more than {MostDepth} deep", Now.Line);
    }

    private Expression Or()
    {
        var left = And();
        while (Now.Is("or")) left = new Junction(false, left, After(And), left.Line);
        return left;
    }

    private Expression And()
    {
        var left = Not();
        while (Now.Is("and")) left = new Junction(true, left, After(Not), left.Line);
        return left;
    }

    private Expression After(Func<Expression> read)
    {
        _at++;
        return read();
    }

    private Expression Not()
    {
        if (!Now.Is("not")) return Compare();
        Deeper();
        var negation = new Negation(After(Not), Now.Line);
        _depth--;
        return negation;
    }

    private Expression Compare()
    {
        var first = Sum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            if (Now.Kind == TokenKind.Operator && Now.Text is "==" or "!=" or "<" or "<=" or ">" or ">=") rest.Add((Next().Text, Sum()));
            else if (Skip("in")) rest.Add(("in", Sum()));
            else if (Now.Is("not") && tokens[_at + 1].Is("in"))
            {
                _at += 2;
                rest.Add(("not in", Sum()));
            }
            else break;
        }

        return rest.Count == 0 ? first : new Comparison(first, rest, first.Line);
    }

    private Expression Sum()
    {
        var left = Concatenation();
        while (Now.Kind == TokenKind.Operator && Now.Text is "+" or "-") left = new BinaryOf(Next().Text, left, Concatenation(), left.Line);
        return left;
    }

    private Expression Concatenation()
    {
        List<Expression> parts = [Product()];
        while (Skip("~")) parts.Add(Product());
        return parts.Count == 1 ? parts[0] : new Joined(parts, parts[0].Line);
    }

    private Expression Product()
    {
        var left = Power();
        while (Now.Kind == TokenKind.Operator && Now.Text is "*" or "/" or "//" or "%") left = new BinaryOf(Next().Text, left, Power(), left.Line);
        return left;
    }

    private Expression Power()
    {
        var left = Unary(withFilters: true);
        while (Skip("**")) left = new BinaryOf("**", left, Unary(withFilters: true), left.Line);
        return left;
    }

    protected Expression Unary(bool withFilters)
    {
        Deeper();
        var line = Now.Line;
        var value = Now.Kind == TokenKind.Operator && Now.Text is "-" or "+" ? new Signed(Next().Text[0], Unary(withFilters: false), line) : Primary();
        value = Postfix(value);
        _depth--;
        return withFilters ? FiltersAndTests(value) : value;
    }

    private Expression Primary()
    {
        var token = Now;
        switch (token.Kind)
        {
            case TokenKind.Name:
                _at++;
                return token.Text switch
                {
                    "true" or "True" => new Constant(true, token.Line),
                    "false" or "False" => new Constant(false, token.Line),
                    "none" or "None" => new Constant(null, token.Line),
                    _ => Named(token),
                };
            case TokenKind.Word:
                var text = Next().Text;
                while (Now.Kind == TokenKind.Word) text += Next().Text;
                return new Constant(text, token.Line);
            case TokenKind.Whole: return new Constant(Whole(Next()), token.Line);
            case TokenKind.Real: return new Constant(double.Parse(Next().Text, CultureInfo.InvariantCulture), token.Line);
            case TokenKind.Operator when token.Text == "(":
                _at++;
                if (Skip(")")) return new ListOf([], isTuple: true, token.Line);
                var inner = Tuple();
                Expect(")");
                return inner;
            case TokenKind.Operator when token.Text == "[": return new ListOf(Items("]", () => Expression()), isTuple: false, token.Line);
            case TokenKind.Operator when token.Text == "{": return new DictOf(Items("}", Pair), token.Line);
            default: throw Unexpected("an expression");
        }
    }

    private NameOf Named(Token token)
    {
        _reads.Add(token.Text);
        return new NameOf(token.Text, token.Line);
    }

    private (Expression, Expression) Pair()
    {
        var key = Expression();
        Expect(":");
        return (key, Expression());
    }

    private List<T> Items<T>(string end, Func<T> read)
    {
        _at++;
        var items = new List<T>();
        while (!Skip(end))
        {
            if (items.Count > 0)
            {
                Expect(",");
                if (Skip(end)) break;
            }

            items.Add(read());
        }

        return items;
    }

    private static long Whole(Token token)
    {
        var text = token.Text.Replace("_", "", StringComparison.Ordinal);
        var (digits, radix) = text.Length > 1 && char.IsAsciiLetter(text[1]) ? (text[2..], char.ToLowerInvariant(text[1]) switch { 'x' => 16, 'o' => 8, _ => 2 }) : (text, 10);
        try
        {
            return radix == 10 ? long.Parse(digits, CultureInfo.InvariantCulture) : Convert.ToInt64(digits, radix);
        }
        catch (Exception error) when (error is FormatException or OverflowException or ArgumentException)
        {
            throw new TemplateException($"'{token.Text}' is no number that fits 64 bits", token.Line);
        }
    }

    private Expression Postfix(Expression value)
    {
        while (true)
        {
            var line = Now.Line;
            if (Skip(".")) value = Now.Kind == TokenKind.Whole ? new ItemOf(value, new Constant(Whole(Next()), line), line) : new AttributeOf(value, ExpectName(), line);
            else if (Now.Is("[")) value = Subscript(value);
            else if (Now.Is("(")) value = new CallOf(value, CallArguments(), line);
            else return value;
        }
    }

    private Expression Subscript(Expression value)
    {
        var line = Next().Line;
        var start = Now.Is(":") ? null : Expression();
        if (Skip("]")) return new ItemOf(value, start!, line);
        if (Now.Is(",")) throw new TemplateException("several subscripts at once are not supported", line);
        Expect(":");
        var stop = Now.Is(":") || Now.Is("]") ? null : Expression();
        var step = Skip(":") && !Now.Is("]") ? Expression() : null;
        Expect("]");
        return new SliceOf(value, start, stop, step, line);
    }

    private Expression FiltersAndTests(Expression value)
    {
        while (true)
        {
            var line = Now.Line;
            if (Now.Is("|")) value = Filter(value);
            else if (Now.Is("is")) value = Test(value);
            else if (Now.Is("(")) value = new CallOf(value, CallArguments(), line);
            else return value;
        }
    }

    /// <summary>| name(…), or name(…) alone where a block of statements begins with it.</summary>
    protected Filtered Filter(Expression? value)
    {
        Skip("|");
        var line = Now.Line;
        var name = ExpectName();
        while (Skip(".")) name += "." + ExpectName();
        return new Filtered(value, name, Now.Is("(") ? CallArguments() : Jinja.CallArguments.None, line);
    }

    private Expression Test(Expression value)
    {
        var line = Next().Line;
        var isNegated = Skip("not");
        var name = ExpectName();
        while (Skip(".")) name += "." + ExpectName();
        var arguments = Jinja.CallArguments.None;
        if (Now.Is("(")) arguments = CallArguments();
        else if (BeginsArgument()) arguments = Jinja.CallArguments.One(Postfix(Primary()));
        Expression test = new Tested(value, name, arguments, line);
        return isNegated ? new Negation(test, line) : test;
    }

    private bool BeginsArgument() => Now.Kind switch
    {
        TokenKind.Word or TokenKind.Whole or TokenKind.Real => true,
        TokenKind.Name => Now.Text is not ("else" or "or" or "and" or "is" or "if" or "in" or "not" or "recursive"),
        TokenKind.Operator => Now.Text is "[" or "{",
        _ => false,
    };

    protected CallArguments CallArguments()
    {
        Expect("(");
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        Expression? spread = null, spreadNamed = null;
        while (!Skip(")"))
        {
            if (positional.Count + named.Count > 0 || spread is not null || spreadNamed is not null)
            {
                Expect(",");
                if (Skip(")")) break;
            }

            if (Skip("**")) spreadNamed = Expression();
            else if (Skip("*")) spread = Expression();
            else if (Now.Kind == TokenKind.Name && tokens[_at + 1].Is("="))
            {
                var name = Next().Text;
                _at++;
                named.Add((name, Expression()));
            }
            else if (named.Count > 0) throw new TemplateException("an argument without a name stands behind one with a name", Now.Line);
            else positional.Add(Expression());
        }

        return new CallArguments(positional, named, spread, spreadNamed);
    }
}
