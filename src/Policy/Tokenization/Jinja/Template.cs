using System.Text.Json;
using System.Text.RegularExpressions;

namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>A text and the stretches of it that generation blocks wrote.</summary>
internal sealed record RenderedText(string Text, IReadOnlyList<(int Start, int End)> Produced);

/// <summary>
/// A Jinja template as chat templates use them, rendered as transformers renders it: trim_blocks and lstrip_blocks, loop
/// controls, no escaping, values that cannot be changed, and generation blocks.
/// </summary>
internal sealed class Template
{
    private const int MostCharacters = 1 << 20;

    private readonly IReadOnlyList<Statement> _body;

    private Template(IReadOnlyList<Statement> body, bool hasGeneration) => (_body, HasGeneration) = (body, hasGeneration);

    /// <summary>Whether it says itself what an assistant produces.</summary>
    public bool HasGeneration { get; }

    /// <exception cref="TemplateException">It holds what is not known here; the message names line and construct.</exception>
    public static Template Parse(string text)
    {
        if (text.Length > MostCharacters) throw new TemplateException($"has more than {MostCharacters} characters; it is not usable", 1);
        var parser = new Parser(Lexer.Read(text));
        var body = parser.Template();
        return new Template(body, parser.HasGeneration);
    }

    /// <param name="variables">of null, bool, long, double, string, <see cref="ListValue"/> and <see cref="DictValue"/></param>
    public RenderedText Render(IEnumerable<KeyValuePair<string, object?>> variables, DateTime now)
    {
        var rendering = new Rendering();
        var globals = new Frame(rendering, null);
        Globals.AddTo(globals, now);
        var frame = globals.Inner();
        foreach (var (name, value) in variables) frame.Set(name, value);
        try
        {
            Statement.RunAll(_body, frame.Inner());
        }
        catch (RegexMatchTimeoutException)
        {
            throw new TemplateException("'striptags' takes too long; it is not usable", 1);
        }

        return new RenderedText(rendering.Output.ToString(), rendering.Produced);
    }

    /// <summary>A value of JSON as a template sees it.</summary>
    public static object? ValueOf(JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                var dict = new DictValue();
                foreach (var member in json.EnumerateObject()) dict.Items[member.Name] = ValueOf(member.Value);
                return dict;
            case JsonValueKind.Array: return ListValue.Of(json.EnumerateArray().Select(ValueOf));
            case JsonValueKind.String: return json.GetString();
            case JsonValueKind.Number: return json.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0 && json.TryGetInt64(out var whole) ? (object)whole : json.GetDouble();
            case JsonValueKind.True or JsonValueKind.False: return json.GetBoolean();
            default: return null;
        }
    }
}
