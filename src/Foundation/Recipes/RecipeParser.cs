using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlScalarStyle = YamlDotNet.Core.ScalarStyle;

namespace Rlhf.Foundation.Recipes;

/// <summary>
/// YAML text to nodes, from the event stream: what a recipe never needs (aliases, tags, several documents, deep
/// nesting, huge files) is refused before it can expand or recurse.
/// </summary>
internal static class RecipeParser
{
    /// <summary>In bytes, of which a character has four at most.</summary>
    public const int LargestFile = 4 * LargestText;

    private const int LargestText = 1 << 20;
    private const int DeepestLevel = 16;

    public static MapNode Parse(string yaml, string source)
    {
        if (yaml.Length > LargestText) throw new RlhfException($"{source}: {yaml.Length} characters; a recipe has at most {LargestText}");
        var root = Guarded(yaml, source);
        return root switch
        {
            null or ScalarNode { IsNull: true } => new MapNode(source),
            MapNode map => map,
            _ => throw new RlhfException($"{root.Where}: found {root.Found}; expected a recipe of 'key: value' lines"),
        };
    }

    /// <summary>The value of an override that stands for a list or a section: <c>[a, b]</c> or <c>{a: 1}</c>.</summary>
    public static RecipeNode? ParseFlow(string text, string where) => Guarded(text, where);

    private static RecipeNode? Guarded(string yaml, string source)
    {
        var parser = new Parser(new StringReader(yaml));
        try
        {
            return Document(parser, source);
        }
        catch (YamlException error)
        {
            throw new RlhfException($"{source}:{error.Start.Line}: not valid YAML: {OneLine(error)}", error);
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException or IndexOutOfRangeException or EndOfStreamException)
        {
            // YamlDotNet's scanner trips over some broken texts instead of refusing them.
            throw new RlhfException($"{source}:{parser.Current?.End.Line ?? 1}: not valid YAML near here", error);
        }
    }

    private static RecipeNode? Document(Parser parser, string source)
    {
        parser.Consume<StreamStart>();
        if (parser.TryConsume<StreamEnd>(out _)) return null;
        parser.Consume<DocumentStart>();
        var root = Node(parser, source, 0);
        parser.Consume<DocumentEnd>();
        if (parser.Accept<DocumentStart>(out var second))
            throw new RlhfException($"{Place(source, second)}: a second YAML document starts here; a recipe is one document, so remove the '---'");
        return root;
    }

    private static RecipeNode Node(Parser parser, string source, int depth)
    {
        var next = parser.Consume<ParsingEvent>();
        var where = Place(source, next);
        if (depth > DeepestLevel) throw new RlhfException($"{where}: nested more than {DeepestLevel} levels deep; a recipe has sections and lists of values");
        if (next is AnchorAlias) throw new RlhfException($"{where}: found a YAML alias (*name); write the value out");
        if (next is NodeEvent { Tag.IsEmpty: false, Tag.IsNonSpecific: false } tagged) throw new RlhfException($"{where}: found the YAML tag {tagged.Tag.Value}; recipes have plain values only, so remove it");
        switch (next)
        {
            case Scalar scalar:
                return new ScalarNode(scalar.Value, scalar.Style == YamlScalarStyle.Plain ? ScalarStyle.Plain : ScalarStyle.Quoted, where);
            case SequenceStart:
                var list = new ListNode(where);
                while (!parser.TryConsume<SequenceEnd>(out _)) list.Items.Add(Node(parser, source, depth + 1));
                return list;
            default:
                var map = new MapNode(where);
                while (!parser.TryConsume<MappingEnd>(out _)) Entry(map, parser, source, depth);
                return map;
        }
    }

    private static void Entry(MapNode map, Parser parser, string source, int depth)
    {
        if (Node(parser, source, depth + 1) is not ScalarNode key) throw new RlhfException($"{map.Where}: found a list or section as a key; keys are names");
        if (map.Places.TryGetValue(key.Text, out var first)) throw new RlhfException($"{key.Where}: key '{key.Text}' is given twice (first at {first}); remove one");
        map.Set(key.Text, Node(parser, source, depth + 1), key.Where);
    }

    private static string Place(string source, ParsingEvent at) => source.StartsWith("the override", StringComparison.Ordinal) ? source : $"{source}:{at.Start.Line}";

    private static string OneLine(YamlException error)
    {
        var message = error.Message.ReplaceLineEndings(" ");
        return message.StartsWith('(') && message.IndexOf("): ", StringComparison.Ordinal) is var end and > 0 ? message[(end + 3)..] : message;
    }
}
