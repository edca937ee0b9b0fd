using System.Text;

namespace Rlhf.Rewards.Preferences;

/// <summary>
/// Which prompts are held out for evaluation. It hangs on the prompt's text alone, so that all rows of a prompt
/// fall on one side, and adding or reordering rows moves nothing.
/// </summary>
internal static class PromptSplit
{
    /// <summary>Whether a prompt belongs to the held-out <paramref name="share"/> (0 to 1) of all prompts.</summary>
    public static bool IsHeldOut(string prompt, double share) => Position(prompt) < share;

    /// <summary>A number in [0, 1) that hangs on the text: FNV-1a over its UTF-8, mixed as in SplitMix64.</summary>
    private static double Position(string prompt)
    {
        var hash = 0xCBF29CE484222325UL;
        foreach (var unit in Encoding.UTF8.GetBytes(prompt)) hash = (hash ^ unit) * 0x100000001B3UL;
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9UL;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBUL;
        hash ^= hash >> 31;
        return (hash >> 11) * (1.0 / (1UL << 53));
    }
}
