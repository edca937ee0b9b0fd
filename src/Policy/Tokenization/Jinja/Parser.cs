namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>Reads a whole template.</summary>
internal sealed class Parser(List<Token> tokens) : ExpressionParser(tokens)
{
    private const int MostDepth = 100;

    private int _blocks;
    private int _loops;

    public IReadOnlyList<Statement> Template()
    {
        var (body, _) = Body([]);
        return body;
    }

    /// <summary>Whether some block says what an assistant produces.</summary>
    public bool HasGeneration { get; private set; }

    // Up to a tag of one of these names, which is returned; the tag is open then.
    private (List<Statement> Body, string End) Body(params ReadOnlySpan<string> ends)
    {
        if (++_blocks > MostDepth) throw new TemplateException($"blocks are nested more than {MostDepth} deep", Now.Line);
        var begins = Now.Line;
        var body = new List<Statement>();
        while (true)
        {
            var token = Next();
            switch (token.Kind)
            {
                case TokenKind.Text: body.Add(new Plain(token.Text, token.Line)); break;
                case TokenKind.OutputStart:
                    if (Now.Kind == TokenKind.OutputEnd) throw Unexpected("an expression");
                    body.Add(new Print(Tuple(), token.Line));
                    if (Now.Kind != TokenKind.OutputEnd) throw Unexpected("the end '}}'");
                    Next();
                    break;
                case TokenKind.BlockStart:
                    foreach (var end in ends)
                    {
                        if (!Skip(end)) continue;
                        _blocks--;
                        return (body, end);
                    }

                    body.Add(Block());
                    break;
                default:
                    if (ends.Length > 0) throw new TemplateException($"the template ends where '{ends[^1]}' is expected", begins);
                    _blocks--;
                    return (body, "");
            }
        }
    }

    private void Close()
    {
        if (Now.Kind != TokenKind.BlockEnd) throw Unexpected("the end '%}'");
        Next();
    }

    private List<Statement> BodyTo(string end)
    {
        Close();
        var (body, _) = Body(end);
        Close();
        return body;
    }

    private Statement Block()
    {
        var line = Now.Line;
        var name = ExpectName();
        switch (name)
        {
            case "if": return If(line);
            case "for": return For(line);
            case "set": return Set(line);
            case "macro": return Macro(line);
            case "call": return Call(line);
            case "with": return With(line);
            case "filter":
                var filters = Filters();
                return new FilterBlock(BodyTo("endfilter"), filters, line);
            case "generation":
                HasGeneration = true;
                return new Generation(BodyTo("endgeneration"), line);
            case "break" or "continue" when _loops > 0:
                Close();
                return new Leave(name == "break" ? Flow.Break : Flow.Continue, line);
            default: throw new TemplateException($"the tag '{name}' is not known here", line);
        }
    }

    private If If(int line)
    {
        var branches = new List<(Expression, IReadOnlyList<Statement>)>();
        var end = "elif";
        while (end == "elif")
        {
            var test = Tuple(withChoice: false);
            Close();
            (var body, end) = Body("elif", "else", "endif");
            branches.Add((test, body));
        }

        if (end == "endif")
        {
            Close();
            return new If(branches, [], line);
        }

        return new If(branches, BodyTo("endif"), line);
    }

    private For For(int line)
    {
        var target = Targets();
        Expect("in");
        var over = Tuple(withChoice: false);
        var test = Skip("if") ? Expression() : null;
        var isRecursive = Skip("recursive");
        Close();
        _loops++;
        var (body, end) = Body("else", "endfor");
        _loops--;
        if (end == "else") return new For(target, over, test, body, BodyTo("endfor"), isRecursive, line);
        Close();
        return new For(target, over, test, body, [], isRecursive, line);
    }

    private Statement Set(int line)
    {
        var target = Targets();
        if (Skip("="))
        {
            var value = Tuple();
            Close();
            return new Set(target, value, line);
        }

        var filters = Now.Is("|") ? Filters() : [];
        return new SetBlock(target, BodyTo("endset"), filters, line);
    }

    private With With(int line)
    {
        var values = new List<(Target, Expression)>();
        while (Now.Kind != TokenKind.BlockEnd)
        {
            if (values.Count > 0) Expect(",");
            var target = SingleTarget();
            Expect("=");
            values.Add((target, Expression()));
        }

        return new With(values, BodyTo("endwith"), line);
    }

    private Macro Macro(int line)
    {
        var name = ExpectName();
        return new Macro(name, MacroBody(name, Now.Is("(") ? Parameters() : [], "endmacro"), line);
    }

    private CallBlock Call(int line)
    {
        List<(string, Expression?)> parameters = Now.Is("(") ? Parameters() : [];
        if (Unary(withFilters: false) is not CallOf call) throw new TemplateException("'call' wants a call of a macro", line);
        return new CallBlock(call, MacroBody("caller", parameters, "endcall"), line);
    }

    private MacroBody MacroBody(string name, List<(string, Expression?)> parameters, string end)
    {
        var loops = _loops;
        _loops = 0;
        var body = BodyTo(end);
        _loops = loops;
        // What was read before the body counts too, which lets a macro take a little more than it has to.
        return new MacroBody(name, parameters, body, new HashSet<string>(Reads));
    }

    private List<(string, Expression?)> Parameters()
    {
        Expect("(");
        var parameters = new List<(string, Expression?)>();
        while (!Skip(")"))
        {
            if (parameters.Count > 0)
            {
                Expect(",");
                if (Skip(")")) break;
            }

            var name = ExpectName();
            parameters.Add((name, Skip("=") ? Expression() : null));
        }

        return parameters;
    }

    private List<Filtered> Filters()
    {
        var filters = new List<Filtered>();
        do filters.Add(Filter(null));
        while (Now.Is("|"));
        return filters;
    }

    private Target Targets()
    {
        var first = SingleTarget();
        if (!Now.Is(",")) return first;
        var targets = new List<Target> { first };
        while (Skip(","))
        {
            if (Now.Is("in") || Now.Is("=")) break;
            targets.Add(SingleTarget());
        }

        return new Target.Several(targets);
    }

    private Target SingleTarget()
    {
        if (Skip("("))
        {
            var inner = Targets();
            Expect(")");
            return inner;
        }

        var name = ExpectName();
        return Skip(".") ? new Target.Attribute(name, ExpectName()) : new Target.Name(name);
    }
}
