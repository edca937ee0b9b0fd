using System.Text.Json.Nodes;

namespace Rlhf.Policies.Tests.Tokenization;

/// <summary>Damages a JSON text as a tree, so that it stays JSON: values of wrong types and sizes, missing and moved members.</summary>
internal static class JsonMutation
{
    private const string PatternLetters = @"()[]{}*+?|\^$.pPLNsSdDwW<>=!:-&0129,'a ";

    /// <summary>Damaged copy number <paramref name="number"/> of a text.</summary>
    public static string Mutate(string json, int number)
    {
        var random = new Random(number);
        var root = JsonNode.Parse(json)!;
        for (var wounds = random.Next(3) + 1; wounds > 0; wounds--) Wound(root, random);
        return root.ToJsonString();
    }

    private static void Wound(JsonNode root, Random random)
    {
        var nodes = new List<JsonNode>();
        Collect(root, nodes);
        if (nodes.Count == 0) return;
        var node = nodes[random.Next(nodes.Count)];
        switch (random.Next(4))
        {
            case 0 when node.Parent is JsonObject parent:
                parent.Remove(node.GetPropertyName());
                break;
            case 0 when node.Parent is JsonArray list:
                list.RemoveAt(node.GetElementIndex());
                break;
            case 1:
                node.ReplaceWith(nodes[random.Next(nodes.Count)].DeepClone());
                break;
            case 2 when node is JsonValue value && value.TryGetValue<string>(out var text):
                node.ReplaceWith(Damaged(text, random));
                break;
            default:
                node.ReplaceWith(Strange(random));
                break;
        }
    }

    /// <summary>Every node but the root; of a vocabulary or merge list only a few, so that the rest gets its share.</summary>
    private static void Collect(JsonNode node, List<JsonNode> nodes)
    {
        var children = node switch
        {
            JsonObject members => members.Select(member => member.Value),
            JsonArray items => items,
            _ => [],
        };
        foreach (var child in children.OfType<JsonNode>().Take(12))
        {
            nodes.Add(child);
            Collect(child, nodes);
        }
    }

    private static string Damaged(string text, Random random)
    {
        for (var count = random.Next(1, 6); count > 0; count--)
            text = text.Insert(random.Next(text.Length + 1), PatternLetters[random.Next(PatternLetters.Length)].ToString());
        return text;
    }

    private static JsonNode? Strange(Random random) => random.Next(12) switch
    {
        0 => null,
        1 => true,
        2 => -1,
        3 => int.MaxValue,
        4 => 1e300,
        5 => "",
        6 => "▁",
        7 => new string('(', 3000),
        8 => "(a{1000}){1000}",
        9 => new JsonArray(),
        10 => new JsonObject(),
        _ => "Sequence",
    };
}
