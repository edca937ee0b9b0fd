using System.Text;

namespace Rlhf.Rewards.Texts;

/// <summary>Texts without what does not matter to whether an answer is right (Rajpurkar et al. 2016, the evaluation of SQuAD).</summary>
internal static class PlainText
{
    private static readonly HashSet<string> s_articles = new(StringComparer.Ordinal) { "a", "an", "the" };

    /// <summary>Lower case, without punctuation and articles, words parted by one space.</summary>
    public static string Normalized(string text)
    {
        var letters = new StringBuilder(text.Length);
        foreach (var c in text) if (!char.IsPunctuation(c) && !char.IsSymbol(c)) letters.Append(char.ToLowerInvariant(c));
        return string.Join(' ', letters.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(word => !s_articles.Contains(word)));
    }

    /// <summary>The beginning of a text, on one line, for messages.</summary>
    public static string Beginning(string text, int longest = 60) =>
        (text.Length <= longest ? text : string.Concat(text.AsSpan(0, longest - 1), "…")).ReplaceLineEndings(" ");
}
