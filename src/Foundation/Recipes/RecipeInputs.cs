namespace Rlhf.Foundation.Recipes;

/// <summary>The files and folders that a recipe names at the keys marked <see cref="InputAttribute"/>.</summary>
internal static class RecipeInputs
{
    public static IReadOnlyList<string> Of(object recipe) => [.. Named(recipe).Where(path => path.Length > 0).Distinct()];

    private static IEnumerable<string> Named(object record)
    {
        foreach (var field in RecipeField.Of(record.GetType()))
        {
            if (field.Get(record) is not { } value) continue;
            if (field.IsInput) foreach (var path in value as IEnumerable<string> ?? [(string)value]) yield return path;
            else if (field.IsSection) foreach (var path in Named(value)) yield return path;
        }
    }
}
