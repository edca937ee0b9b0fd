using System.Collections;
using Rlhf.Foundation.Files;

namespace Rlhf.Foundation.Recipes;

/// <summary>
/// YAML and <c>key=value</c> overrides to a sealed record of init properties. Keys are the properties' names in
/// snake_case; keys not given keep the record's defaults; anything unknown, of the wrong type or out of bounds is
/// refused with its place, what was found and what was expected.
/// </summary>
public static class RecipeBinder
{
    public static T Load<T>(string path, IEnumerable<string>? overrides = null) where T : class => Bind<T>(ReadText(path), path, overrides);

    public static string ReadText(string path)
    {
        if (Directory.Exists(path)) throw new RlhfException($"{path}: is a folder; expected a recipe file (.yaml)");
        if (!File.Exists(path)) throw new RlhfException($"{path}: no such recipe; see data/recipes for those that come with the program");
        return SmallFile.ReadText(path, RecipeParser.LargestFile);
    }

    /// <param name="source">The name that error messages give the text, usually its path.</param>
    public static T Bind<T>(string yaml, string source, IEnumerable<string>? overrides = null) where T : class =>
        (T)Bind(typeof(T), yaml, source, overrides);

    public static object Bind(Type recipe, string yaml, string source, IEnumerable<string>? overrides = null)
    {
        var root = RecipeParser.Parse(yaml, source);
        RecipeOverrides.Apply(root, overrides ?? []);
        return Section(root, Activator.CreateInstance(recipe)!, "");
    }

    /// <param name="record">Holds the defaults, and receives what the recipe gives.</param>
    private static object Section(MapNode map, object record, string path)
    {
        var type = record.GetType();
        var fields = RecipeField.Of(type).ToDictionary(field => field.Key);
        foreach (var (key, node) in map.Entries)
        {
            if (!fields.TryGetValue(key, out var field)) throw Unknown(map.Places[key], path, key, type);
            field.Set(record, Value(node, field, field.Get(record), Join(path, key)));
        }

        foreach (var field in fields.Values) CheckBounds(record, field, map, path);
        if (record is not IChecked check) return record;
        foreach (var problem in check.Problems())
        {
            var key = KeyNames.Snake(problem.Property);
            throw new RlhfException($"{Where(map, key)}: {Join(path, key)}: {problem.Message}");
        }

        return record;
    }

    private static object? Value(RecipeNode node, RecipeField field, object? given, string path)
    {
        if (node is not ScalarNode { IsNull: true }) return Value(node, field.Type, path, given);
        if (field.IsNullable) return null;
        if (field.IsSection && given is not null) return given;   // a section all of whose keys are null is written so
        throw Wrong(node, path, field.Type);
    }

    private static object Value(RecipeNode node, Type type, string path, object? given = null)
    {
        var isSection = RecipeField.IsRecord(type) || RecipeField.IsDictionary(type);
        var isComposite = isSection || RecipeField.ElementOf(type) is not null;
        if (isComposite && node is ScalarNode { Style: ScalarStyle.Override } text)
            node = RecipeParser.ParseFlow(text.Text, text.Where) ?? node;
        return node switch
        {
            MapNode map when RecipeField.IsDictionary(type) => Dictionary(map, type, path),
            MapNode map when isSection => Section(map, given ?? Activator.CreateInstance(type)!, path),
            ListNode list when RecipeField.ElementOf(type) is { } element => List(list, element, path),
            ScalarNode scalar when !isComposite && Scalars.Read(scalar.Text, type) is { } value => value,
            _ => throw Wrong(node, path, type),
        };
    }

    private static Array List(ListNode list, Type element, string path)
    {
        var items = Array.CreateInstance(element, list.Items.Count);
        for (var i = 0; i < items.Length; i++) items.SetValue(Value(list.Items[i], element, $"{path}.{i}"), i);
        return items;
    }

    private static IDictionary Dictionary(MapNode map, Type type, string path)
    {
        var valueType = type.GetGenericArguments()[1];
        var values = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), valueType))!;
        foreach (var (key, node) in map.Entries) values[key] = Value(node, valueType, Join(path, key));
        return values;
    }

    private static void CheckBounds(object record, RecipeField field, MapNode map, string path)
    {
        if (field.Bounds.Count == 0 || field.Get(record) is not IConvertible value) return;
        if (field.Bounds.All(bound => bound.Holds(value))) return;
        var expected = string.Join(" and ", field.Bounds.Select(bound => bound.Wording));
        throw new RlhfException($"{Where(map, field.Key)}: {Join(path, field.Key)}: found {Scalars.Write(value)}; expected {expected}");
    }

    private static RlhfException Unknown(string where, string path, string key, Type type)
    {
        var known = RecipeField.Of(type).Select(field => field.Key).ToList();
        var advice = KeyNames.Nearest(key, known) is { } nearest ? $"did you mean '{Join(path, nearest)}'?"
            : path.Length == 0 && InSections(type, key) is { } inside ? $"did you mean '{inside}'?"
            : known.Count == 0 ? "there are no keys here"
            : $"known keys here: {string.Join(", ", known)}";
        return new RlhfException($"{where}: unknown key '{Join(path, key)}'; {advice}");
    }

    /// <summary>A key that was given at the top though it belongs into a section.</summary>
    private static string? InSections(Type type, string key) =>
        RecipeField.Of(type).Where(field => field.IsSection)
            .SelectMany(section => RecipeField.Of(section.Type).Select(field => (Path: $"{section.Key}.{field.Key}", field.Key)))
            .FirstOrDefault(candidate => candidate.Key == key).Path;

    private static RlhfException Wrong(RecipeNode node, string path, Type type) =>
        new($"{node.Where}: {path}: found {node.Found}; expected {Scalars.Expected(type)}");

    private static string Where(MapNode map, string key) => map.Places.GetValueOrDefault(key, map.Where);

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";
}
