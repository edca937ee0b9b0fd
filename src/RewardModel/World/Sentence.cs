namespace Rlhf.Rewards.World;

/// <summary>A run of words up to and including the mark that ends it.</summary>
/// <param name="Words">The words, lower case; a word is a run of letters, digits or apostrophes.</param>
/// <param name="Ended">Whether a full stop, question mark or exclamation mark closes it.</param>
internal sealed record Sentence(IReadOnlyList<string> Words, bool Ended)
{
    public static IReadOnlyList<Sentence> Split(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var sentences = new List<Sentence>();
        var start = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] is not ('.' or '!' or '?')) continue;
            sentences.Add(new Sentence(WordsOf(text.AsSpan(start, at - start)), true));
            start = at + 1;
        }

        var rest = WordsOf(text.AsSpan(start));
        if (rest.Count > 0) sentences.Add(new Sentence(rest, false));
        return sentences;
    }

    /// <summary>The words of a whole text, lower case.</summary>
    public static IReadOnlyList<string> AllWords(string text) => WordsOf(text);

    private static List<string> WordsOf(ReadOnlySpan<char> text)
    {
        var words = new List<string>();
        for (var at = 0; at < text.Length; at++)
        {
            if (!IsLetter(text[at])) continue;
            var start = at;
            while (at < text.Length && IsLetter(text[at])) at++;
            words.Add(text[start..at].ToString().ToLowerInvariant());
        }

        return words;
    }

    private static bool IsLetter(char c) => char.IsLetterOrDigit(c) || c == '\'';
}
