using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Rlhf.Cli.Shell;

/// <summary>What to lower, and to what, where a tensor found no room.</summary>
internal static partial class OutOfMemory
{
    /// <param name="advice">asked only where that is the failure</param>
    /// <returns>One line; null where the failure is another.</returns>
    public static string? Line(Exception failure, Func<string?> advice)
    {
        if (failure is not (ExternalException or OutOfMemoryException)) return null;
        var match = TooMuch().Match(failure.Message);
        if (failure is ExternalException && !match.Success) return null;
        var size = match.Groups["gpu"].Success ? $" for {match.Groups["gpu"].Value}"
            : match.Groups["cpu"].Success ? $" for {double.Parse(match.Groups["cpu"].Value, CultureInfo.InvariantCulture) / (1L << 30):0.00} GiB" : "";
        var place = failure.Message.Contains("CUDA", StringComparison.Ordinal) ? "GPU" : "main";
        return $"out of {place} memory: no room{size}; {advice() ?? "use a smaller model"}";
    }

    // libtorch's words: "CUDA out of memory. Tried to allocate 2.00 GiB …", "can't allocate memory: you tried to allocate 123 bytes".
    [GeneratedRegex(@"out of memory(?:\. Tried to allocate (?<gpu>[\d.]+ [KMG]iB))?|can't allocate memory(?:: you tried to allocate (?<cpu>\d+) bytes)?", RegexOptions.IgnoreCase)]
    private static partial Regex TooMuch();
}
