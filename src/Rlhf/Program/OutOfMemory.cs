using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Rlhf.Program;

/// <summary>What to lower, and to what, where a tensor found no room.</summary>
internal static partial class OutOfMemory
{
    /// <summary>Micro-batches smaller than this make every step slow and save little: the model itself is too large.</summary>
    private const int FewTokens = 256;

    /// <returns>One line; null where the failure is another.</returns>
    public static string? Line(Exception failure, object recipe, string command)
    {
        if (failure is not (ExternalException or OutOfMemoryException)) return null;
        var match = TooMuch().Match(failure.Message);
        if (failure is ExternalException && !match.Success) return null;
        var size = match.Groups["gpu"].Success ? $" for {match.Groups["gpu"].Value}"
            : match.Groups["cpu"].Success ? $" for {double.Parse(match.Groups["cpu"].Value, CultureInfo.InvariantCulture) / (1L << 30):0.00} GiB" : "";
        var place = failure.Message.Contains("CUDA", StringComparison.Ordinal) ? "GPU" : "main";
        return $"out of {place} memory: no room{size}; {Remedy(recipe, command)}";
    }

    private static string Remedy(object recipe, string command) => Tokens(recipe, command) switch
    {
        > FewTokens and var tokens => $"lower {command}.micro_batch_tokens from {tokens} to {tokens / 2} (the gradients stay the same) and run the same command again",
        _ => "use a smaller model, dtype=bfloat16, or lora, and see what --dry-run expects",
    };

    private static int Tokens(object recipe, string command) => (recipe as Recipe, command) switch
    {
        ({ Sft: { } sft }, "sft") => sft.MicroBatchTokens,
        ({ Reward: { } reward }, "reward") => reward.MicroBatchTokens,
        ({ Ppo: { } ppo }, "ppo") => ppo.MicroBatchTokens,
        ({ Dpo: { } dpo }, "dpo") => dpo.MicroBatchTokens,
        _ => 0,
    };

    // libtorch's words: "CUDA out of memory. Tried to allocate 2.00 GiB …", "can't allocate memory: you tried to allocate 123 bytes".
    [GeneratedRegex(@"out of memory(?:\. Tried to allocate (?<gpu>[\d.]+ [KMG]iB))?|can't allocate memory(?:: you tried to allocate (?<cpu>\d+) bytes)?", RegexOptions.IgnoreCase)]
    private static partial Regex TooMuch();
}
