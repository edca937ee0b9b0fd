namespace Rlhf.Foundation.Recipes;

/// <summary>One key in a help text.</summary>
internal sealed record HelpLine(string Key, string Expected, string Default, string Description);

/// <summary>The help of a recipe, read off its record so that it cannot drift.</summary>
internal static class RecipeHelp
{
    public static IReadOnlyList<HelpLine> Lines(Type recipe) => Lines(Activator.CreateInstance(recipe)!, "");

    private static List<HelpLine> Lines(object defaults, string prefix)
    {
        var lines = new List<HelpLine>();
        foreach (var field in RecipeField.Of(defaults.GetType()))
        {
            if (field.IsSection) lines.AddRange(Lines(field.Get(defaults) ?? Activator.CreateInstance(field.Type)!, $"{prefix}{field.Key}."));
            else lines.Add(new HelpLine(prefix + field.Key, Expected(field), RecipeWriter.Value(field.Get(defaults)), field.Description));
        }

        return lines;
    }

    private static string Expected(RecipeField field) =>
        string.Join(", ", field.Bounds.Select(bound => bound.Wording).Prepend(Scalars.Expected(field.Type)));
}
