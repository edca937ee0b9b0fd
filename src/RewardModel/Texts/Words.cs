namespace Rlhf.Rewards.Texts;

/// <summary>The words of a text: runs of letters, digits and apostrophes, lower case.</summary>
internal static class Words
{
    public static IReadOnlyList<string> Of(string text)
    {
        var words = new List<string>();
        for (var at = 0; at < text.Length; at++)
        {
            if (!IsPart(text[at])) continue;
            var start = at;
            while (at < text.Length && IsPart(text[at])) at++;
            words.Add(text[start..at].ToLowerInvariant());
        }

        return words;
    }

    private static bool IsPart(char c) => char.IsLetterOrDigit(c) || c == '\'';
}
