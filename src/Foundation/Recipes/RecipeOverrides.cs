namespace Rlhf.Foundation.Recipes;

/// <summary>Lays <c>section.key=value</c> overrides over a parsed recipe.</summary>
internal static class RecipeOverrides
{
    public static void Apply(MapNode root, IEnumerable<string> overrides)
    {
        foreach (var text in overrides) Apply(root, text);
    }

    private static void Apply(MapNode root, string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0) throw new RlhfException($"the override '{text}': expected key=value, as in ppo.steps=100");
        var where = $"the override {text}";
        var path = text[..equals].Split('.');
        if (path.Any(string.IsNullOrWhiteSpace)) throw new RlhfException($"{where}: the key has an empty part; expected section.key=value");
        RecipeNode node = root;
        for (var i = 0; i < path.Length; i++)
        {
            var isLast = i == path.Length - 1;
            var value = isLast ? new ScalarNode(text[(equals + 1)..], ScalarStyle.Override, where) : null;
            node = node switch
            {
                MapNode map => Descend(map, path[i], value, where),
                ListNode list => Descend(list, path[i], value, where),
                _ => throw new RlhfException($"{where}: '{string.Join('.', path[..i])}' is a value, not a section"),
            };
        }
    }

    private static RecipeNode Descend(MapNode map, string key, RecipeNode? value, string where)
    {
        if (value is not null) map.Set(key, value, where);
        else if (!map.Entries.TryGetValue(key, out var child) || child is ScalarNode { IsNull: true }) map.Set(key, new MapNode(where), where);
        return map.Entries[key];
    }

    private static RecipeNode Descend(ListNode list, string key, RecipeNode? value, string where)
    {
        if (!int.TryParse(key, out var index) || index < 0 || index >= list.Items.Count)
            throw new RlhfException($"{where}: found '{key}' for a list of {list.Items.Count}; expected a number from 0 to {list.Items.Count - 1}");
        if (value is not null) list.Items[index] = value;
        return list.Items[index];
    }
}
