using System.Text.RegularExpressions;

namespace Rlhf.Cli.Tests.House;

/// <summary>A source file as far as references between folders go.</summary>
internal sealed partial class SourceFile
{
    private readonly string _code, _body;
    private readonly HashSet<string> _words;

    public SourceFile(string path, string text)
    {
        Path = path;
        _code = SourceText.CodeOf(text);
        _body = UsingLine().Replace(NamespaceLine().Replace(_code, ""), "");
        _words = [.. Word().Matches(_body).Select(word => word.Value)];
        Namespace = NamespaceLine().Match(_code) is { Success: true } line ? line.Groups[1].Value : null;
        Usings = [.. UsingLine().Matches(_code).Select(line => line.Groups[1].Value)];
        Types = [.. TypeLine().Matches(_code).Select(line => line.Groups[1].Value).SelectMany(name => name.EndsWith("Attribute", StringComparison.Ordinal) ? [name, name[..^"Attribute".Length]] : new[] { name })];
        Extensions = [.. Extension().Matches(_code).Select(method => method.Groups[1].Value)];
    }

    /// <summary>From the repository on.</summary>
    public string Path { get; }

    /// <summary>Null for statements without one: a program's own file.</summary>
    public string? Namespace { get; }

    /// <summary>The namespaces that its usings name, or whose types they name.</summary>
    public IReadOnlyList<string> Usings { get; }

    /// <summary>What it declares in its namespace; of an attribute also the name that uses give it.</summary>
    public IReadOnlyList<string> Types { get; }

    /// <summary>The extension methods among what it declares: their callers name no type.</summary>
    public IReadOnlyList<string> Extensions { get; }

    /// <summary>Whether a name stands in it, as a type's or a member's.</summary>
    public bool Mentions(string name) => _words.Contains(name);

    public bool Calls(string extension) => Mentions(extension) && Regex.IsMatch(_body, $@"\.\s*{extension}\b");

    /// <summary>Whether a name stands where only a type's can, apart from a type whose name a member of this file has too.</summary>
    public bool UsesType(string name) => Mentions(name) && (
        Regex.IsMatch(_body, $@"\b(new|is|as|typeof\(|:)\s*{name}\b")
        || (!Regex.IsMatch(_body, $@"[\w>\]?]\s+{name}\s*(\{{|=>|=|;)") && Regex.IsMatch(_body, $@"(?<![.\w]){name}(\.[A-Z]|\?? +[\w@]|[<>,)\[(?])")));

    /// <summary>Whether it reaches a type through a part of its namespace: <c>Ppo.Algorithm</c>.</summary>
    public bool UsesQualified(string qualifier, string name) => Mentions(name) && Regex.IsMatch(_body, $@"(?<![.\w]){Regex.Escape(qualifier)}\.{name}\b");

    public override string ToString() => Path;

    [GeneratedRegex(@"\b[A-Za-z_]\w*")]
    private static partial Regex Word();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"^(?:global )?using (?:static )?(?:\w+ = )?([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex UsingLine();

    [GeneratedRegex(@"^(?:\[[^\n]*\] ?)?(?:(?:public|internal|file|sealed|static|abstract|partial|readonly|unsafe|ref) )*(?:class|record struct|record class|record|struct|enum|interface|delegate [^\n(]+?) (\w+)", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"\bstatic [^\n;=]*?\b(\w+)(?:<[\w, ]+>)?\(this ")]
    private static partial Regex Extension();
}
