using System.Text;
using Rlhf.Foundation.Files;

namespace Rlhf.Policies.Tokenization.Splitting;

/// <summary>
/// Rewrites a pattern from the dialect of tokenizer.json (Oniguruma, Ruby syntax) to .NET's: possessive quantifiers become
/// atomic groups, and what .NET would read differently is refused.
/// </summary>
internal static class OnigurumaPattern
{
    public static string Translate(string pattern, JsonPlace place)
    {
        var output = new StringBuilder(pattern.Length + 16);
        var groups = new Stack<int>();
        var atom = 0;
        for (var i = 0; i < pattern.Length;)
        {
            var letter = pattern[i];
            if (letter is '*' or '+' or '?' || (letter == '{' && CountEnd(pattern, i) > 0))
            {
                i = Quantify(pattern, i, output, atom);
                continue;
            }

            var start = output.Length;
            switch (letter)
            {
                case '(':
                    groups.Push(start);
                    output.Append('(');
                    i++;
                    // The ? after a bracket is no quantifier: copy the head of (?: (?i: (?! (?<= whole.
                    if (i < pattern.Length && pattern[i] == '?') { output.Append('?'); i++; }
                    break;
                case ')':
                    start = groups.Count > 0 ? groups.Pop() : start;
                    output.Append(')');
                    i++;
                    break;
                case '[':
                    i = CopyClass(pattern, i, output, place);
                    break;
                case '\\':
                    i = CopyEscape(pattern, i, output, place);
                    break;
                default:
                    output.Append(letter);
                    i++;
                    break;
            }

            atom = start;
        }

        return output.ToString();
    }

    /// <summary>Copies a quantifier with its ? or +; a possessive + closes an atomic group around the atom.</summary>
    private static int Quantify(string pattern, int i, StringBuilder output, int atom)
    {
        var counted = pattern[i] == '{';
        var end = counted ? CountEnd(pattern, i) : i + 1;
        output.Append(pattern, i, end - i);
        if (end < pattern.Length && pattern[end] == '?')
        {
            output.Append('?');
            return end + 1;
        }

        if (end >= pattern.Length || pattern[end] != '+') return end;

        // In Ruby's syntax {n,m}+ is not possessive but a quantifier of a quantified atom.
        output.Insert(atom, counted ? "(?:" : "(?>").Append(counted ? ")+" : ")");
        return end + 1;
    }

    private static int CountEnd(string pattern, int i)
    {
        var end = i + 1;
        while (end < pattern.Length && (char.IsAsciiDigit(pattern[end]) || pattern[end] == ',')) end++;
        return end > i + 1 && end < pattern.Length && pattern[end] == '}' ? end + 1 : 0;
    }

    private static int CopyClass(string pattern, int i, StringBuilder output, JsonPlace place)
    {
        output.Append('[');
        i++;
        while (i < pattern.Length && pattern[i] != ']')
        {
            if (pattern[i] == '[' || (pattern[i] == '&' && i + 1 < pattern.Length && pattern[i + 1] == '&'))
                throw place.Unsupported("character classes without classes inside");
            if (pattern[i] == '\\') i = CopyEscape(pattern, i, output, place);
            else output.Append(pattern[i++]);
        }

        if (i < pattern.Length) output.Append(pattern[i++]);
        return i;
    }

    private static int CopyEscape(string pattern, int i, StringBuilder output, JsonPlace place)
    {
        if (i + 1 >= pattern.Length) throw place.Unsupported("patterns that do not end in a backslash");
        var kind = pattern[i + 1];
        if (kind is 'h' or 'H' or 'K' or 'R' or 'X' or 'g' || (kind == 'x' && i + 2 < pattern.Length && pattern[i + 2] == '{'))
            throw place.Unsupported($@"patterns without \{kind}");
        var end = i + 2;
        if (kind is 'p' or 'P' && end < pattern.Length && pattern[end] == '{')
        {
            var close = pattern.IndexOf('}', end);
            if (close > 0) end = close + 1;
        }

        output.Append(pattern, i, end - i);
        return end;
    }
}
