using Rlhf.Foundation.Recipes;

namespace Rlhf.Cli.Shell;

/// <summary>Recipes and data that come with the program.</summary>
internal static class Shipped
{
    private const string World = "data/world";

    private static readonly string s_data = Path.Combine(AppContext.BaseDirectory, "data");

    /// <summary>A shipped recipe; it means the program's copy of the world where none is in the working directory.</summary>
    public static string Recipe(string name)
    {
        var yaml = RecipeBinder.ReadText(Path.Combine(s_data, "recipes", name));
        return Directory.Exists(World) ? yaml : yaml.Replace(World + "/", Path.Combine(s_data, "world") + "/", StringComparison.Ordinal);
    }
}
