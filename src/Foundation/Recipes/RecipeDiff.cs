using System.Collections;

namespace Rlhf.Foundation.Recipes;

/// <summary>One key whose value differs between two recipes.</summary>
internal sealed record RecipeChange(string Key, string Before, string After)
{
    public override string ToString() => $"{Key}: {Before} → {After}";
}

/// <summary>Which keys of two recipes of the same type differ, leaving out those that may change on resume.</summary>
internal static class RecipeDiff
{
    public static IReadOnlyList<RecipeChange> Between(object before, object after)
    {
        var (old, now) = (Flatten(before), Flatten(after));
        return [.. old.Keys.Union(now.Keys)
            .Select(key => new RecipeChange(key, old.GetValueOrDefault(key, "absent"), now.GetValueOrDefault(key, "absent")))
            .Where(change => change.Before != change.After)];
    }

    /// <summary>Every key with its value as text: <c>ppo.clip</c> → <c>0.2</c>.</summary>
    public static IReadOnlyDictionary<string, string> Flatten(object recipe)
    {
        var flat = new Dictionary<string, string>();
        Flatten(recipe, "", flat);
        return flat;
    }

    private static void Flatten(object? value, string path, Dictionary<string, string> flat)
    {
        switch (value)
        {
            case string or null:
                flat[path] = value as string ?? "null";
                break;
            case IDictionary map:
                foreach (string key in map.Keys) Flatten(map[key], $"{path}.{key}", flat);
                break;
            case IEnumerable items:
                var index = 0;
                foreach (var item in items) Flatten(item, $"{path}.{index++}", flat);
                break;
            case not null when RecipeField.IsRecord(value.GetType()):
                foreach (var field in RecipeField.Of(value.GetType()).Where(field => !field.MayChangeOnResume))
                {
                    var inner = field.Get(value);
                    if (inner is null && field.IsSection) continue;
                    Flatten(inner, path.Length == 0 ? field.Key : $"{path}.{field.Key}", flat);
                }

                break;
            default:
                flat[path] = Scalars.Write(value);
                break;
        }
    }
}
