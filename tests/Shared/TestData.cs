namespace Rlhf.TestSupport;

/// <summary>Finds files made elsewhere (real models, data, golden numbers) that stand beside the checkout.</summary>
internal static class TestData
{
    public const string Reason = "the folder shared/data with real models and data is not beside this checkout";

    /// <summary>The folder of shared data, or null where there is none.</summary>
    public static string? Folder { get; } = Find(Path.Combine("shared", "data"));

    /// <summary>The root of this checkout.</summary>
    public static string Repository { get; } = Path.GetDirectoryName(Find("Rlhf.sln"))
        ?? throw new InvalidOperationException("the tests run from a build inside the checkout");

    /// <summary>The folders of golden/families: all there are; the folder above them may be missing.</summary>
    public static string[] Families { get; } =
    [
        "gemma2", "gemma3", "gemma3_linear", "granite", "llama3_rope", "mistral_window", "olmo2", "phi3", "phi3_longrope", "phi3_longrope_short", "qwen2", "qwen3", "smollm3", "stablelm",
    ];

    public static bool Available => Folder is not null;

    /// <summary>A place in it; where there is none, one that does not exist.</summary>
    public static string At(params string[] parts) => Path.Combine([Folder ?? Path.Combine(AppContext.BaseDirectory, "no shared data"), .. parts]);

    private static string? Find(string relative)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, relative);
            if (Path.Exists(candidate)) return candidate;
        }

        return null;
    }
}
