namespace Rlhf.Foundation.Recipes;

/// <summary>A piece of a recipe as written, with the place it came from for error messages.</summary>
internal abstract class RecipeNode(string where)
{
    /// <summary><c>demo.yaml:12</c> or <c>the override ppo.clip=0.1</c>.</summary>
    public string Where { get; } = where;

    /// <summary>What was found, as an error message names it.</summary>
    public abstract string Found { get; }
}

internal enum ScalarStyle
{
    Plain,
    Quoted,

    /// <summary>From a <c>key=value</c> override: what it is depends on what the key expects.</summary>
    Override,
}

internal sealed class ScalarNode(string text, ScalarStyle style, string where) : RecipeNode(where)
{
    public string Text { get; } = text;

    public ScalarStyle Style { get; } = style;

    /// <summary>Nothing, <c>null</c> or <c>~</c>, not in quotes.</summary>
    public bool IsNull => Style != ScalarStyle.Quoted && Text is "" or "~" or "null" or "Null" or "NULL" && !(Style == ScalarStyle.Override && Text == "");

    public override string Found => Text.Length == 0 ? "nothing" : $"'{(Text.Length > 60 ? Text[..60] + "…" : Text).ReplaceLineEndings(" ")}'";
}

internal sealed class ListNode(string where) : RecipeNode(where)
{
    public List<RecipeNode> Items { get; } = [];

    public override string Found => "a list";
}

internal sealed class MapNode(string where) : RecipeNode(where)
{
    public Dictionary<string, RecipeNode> Entries { get; } = [];

    /// <summary>Where each key stands, which is not always where its value starts.</summary>
    public Dictionary<string, string> Places { get; } = [];

    public override string Found => "a section";

    public void Set(string key, RecipeNode value, string where)
    {
        Entries[key] = value;
        Places[key] = where;
    }
}
