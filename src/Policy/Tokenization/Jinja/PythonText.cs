using System.Globalization;
using System.Text;

namespace Rlhf.Policies.Tokenization.Jinja;

/// <summary>Texts as Python has them: characters are code points, and white space is what Python says it is.</summary>
internal static class PythonText
{
    public static bool IsSpace(char letter) => char.IsWhiteSpace(letter) || letter is >= '\x1c' and <= '\x1f';

    public static string Trim(string text) => TrimEnd(TrimStart(text.AsSpan()).ToString());

    public static string TrimEnd(string text)
    {
        var end = text.Length;
        while (end > 0 && IsSpace(text[end - 1])) end--;
        return text[..end];
    }

    public static ReadOnlySpan<char> TrimStart(ReadOnlySpan<char> text)
    {
        var start = 0;
        while (start < text.Length && IsSpace(text[start])) start++;
        return text[start..];
    }

    /// <summary>Characters, each a text.</summary>
    public static IEnumerable<string> Characters(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var length = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]) ? 2 : 1;
            yield return text.Substring(i, length);
            i += length - 1;
        }
    }

    public static long Length(string text)
    {
        long pairs = 0;
        for (var i = 1; i < text.Length; i++)
        {
            if (char.IsLowSurrogate(text[i]) && char.IsHighSurrogate(text[i - 1])) pairs++;
        }

        return text.Length - pairs;
    }

    /// <summary>By code points.</summary>
    public static int Compare(string one, string other)
    {
        var at = one.AsSpan().CommonPrefixLength(other);
        if (at == one.Length || at == other.Length) return one.Length.CompareTo(other.Length);
        // Surrogates stand below U+E000 and mean what lies above it.
        var (a, b) = (one[at], other[at]);
        return (char.IsSurrogate(a), char.IsSurrogate(b)) switch
        {
            (true, false) => 1,
            (false, true) => -1,
            _ => a.CompareTo(b),
        };
    }

    public static string Upper(string text) => text.ToUpperInvariant().Replace("ß", "SS", StringComparison.Ordinal);

    public static string Lower(string text) => text.ToLowerInvariant();

    public static string Capitalized(string text) => text.Length == 0 ? "" : Characters(text).First() is var first ? Upper(first) + Lower(text[first.Length..]) : "";

    /// <summary>Words, as str.title finds them: letters behind what is no letter are capitals.</summary>
    public static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        var inside = false;
        foreach (var letter in text)
        {
            result.Append(inside ? char.ToLowerInvariant(letter) : char.ToUpperInvariant(letter));
            inside = char.IsLetter(letter);
        }

        return result.ToString();
    }

    public static IEnumerable<string> Lines(string text, bool keepEnds)
    {
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029')) continue;
            var end = text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n' ? i + 2 : i + 1;
            yield return text[start..(keepEnds ? end : i)];
            (start, i) = (end, end - 1);
        }

        if (start < text.Length) yield return text[start..];
    }

    /// <summary>By white space, of which there may be much in one place.</summary>
    public static List<string> Words(string text, long most)
    {
        var words = new List<string>();
        var rest = TrimStart(text);
        while (rest.Length > 0 && (most < 0 || words.Count < most))
        {
            var end = 0;
            while (end < rest.Length && !IsSpace(rest[end])) end++;
            words.Add(rest[..end].ToString());
            rest = TrimStart(rest[end..]);
        }

        if (rest.Length > 0) words.Add(rest.ToString());
        return words;
    }

    /// <summary>repr of a text.</summary>
    public static string Quoted(string text)
    {
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        var result = new StringBuilder().Append(quote);
        foreach (var rune in text.EnumerateRunes())
        {
            var value = rune.Value;
            _ = value switch
            {
                '\n' => result.Append("\\n"),
                '\r' => result.Append("\\r"),
                '\t' => result.Append("\\t"),
                '\\' => result.Append("\\\\"),
                _ when value == quote => result.Append('\\').Append(quote),
                ' ' => result.Append(' '),
                _ when IsPrintable(rune) => result.Append(rune.ToString()),
                < 0x100 => result.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}"),
                < 0x10000 => result.Append(CultureInfo.InvariantCulture, $"\\u{value:x4}"),
                _ => result.Append(CultureInfo.InvariantCulture, $"\\U{value:x8}"),
            };
        }

        return result.Append(quote).ToString();
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
