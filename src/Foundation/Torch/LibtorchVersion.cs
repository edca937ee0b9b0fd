using System.Globalization;
using System.Text.RegularExpressions;

namespace Rlhf.Foundation.Torch;

/// <summary>The version of a libtorch, read without loading it.</summary>
internal static partial class LibtorchVersion
{
    /// <summary>From the name of the library, or from what stands beside it; null where nothing tells.</summary>
    public static Version? Of(string folder)
    {
        var library = Path.Combine(folder, LibtorchFolder.Library);
        // Distributions name the file by its version and link to it.
        var target = File.ResolveLinkTarget(library, returnFinalTarget: true)?.Name ?? "";
        string[] notes = [Path.Combine(folder, "..", "version.py"), Path.Combine(folder, "..", "build-version"), Path.Combine(folder, "..", "..", "..", "version.py")];
        return Parse(target.Replace(LibtorchFolder.Library, "", StringComparison.Ordinal))
            ?? notes.Where(File.Exists).Select(note => Parse(File.ReadAllText(note))).FirstOrDefault(version => version is not null);
    }

    private static Version? Parse(string text)
    {
        var match = Number().Match(text);
        return match.Success ? new Version(Part(match, 1), Part(match, 2)) : null;
    }

    private static int Part(Match match, int group) => int.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\b(\d{1,3})\.(\d{1,3})")]
    private static partial Regex Number();
}
