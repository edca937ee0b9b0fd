using System.Text;

namespace Rlhf.Policies.Tokenization.Normalizing;

internal enum CanonicalForm { Composed, Decomposed }

/// <summary>NFC and NFD (Unicode Standard Annex 15).</summary>
internal static class CanonicalNormalization
{
    // Hangul is composed by arithmetic (Unicode Standard, section 3.12).
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7;
    private const int Leads = 19, Vowels = 21, Tails = 28;

    // Below these, nothing composes with a predecessor, and nothing decomposes.
    private const char FirstCombining = '\u0300', FirstDecomposing = '\u00C0';

    /// <param name="text">Text without lone surrogates.</param>
    /// <param name="form">The form to bring it to.</param>
    public static string Normalize(string text, CanonicalForm form)
    {
        var first = form == CanonicalForm.Composed ? FirstCombining : FirstDecomposing;
        if (text.AsSpan().IndexOfAnyExceptInRange('\0', (char)(first - 1)) < 0) return text;

        var characters = Decompose(text);
        Order(characters);
        if (form == CanonicalForm.Composed) Compose(characters);
        var output = new StringBuilder(text.Length);
        foreach (var character in characters) output.Append(new Rune(character).ToString());
        return output.ToString();
    }

    private static List<int> Decompose(string text)
    {
        var output = new List<int>(text.Length + 16);
        foreach (var rune in text.EnumerateRunes()) Decompose(rune.Value, output);
        return output;
    }

    private static void Decompose(int character, List<int> output)
    {
        var syllable = character - HangulBase;
        if (syllable is >= 0 and < Leads * Vowels * Tails)
        {
            output.Add(LeadBase + syllable / (Vowels * Tails));
            output.Add(VowelBase + syllable % (Vowels * Tails) / Tails);
            if (syllable % Tails != 0) output.Add(TailBase + syllable % Tails);
        }
        else if (CanonicalData.Instance.Decomposition(character) is { } parts)
        {
            foreach (var part in parts) Decompose(part, output);
        }
        else
        {
            output.Add(character);
        }
    }

    /// <summary>Sorts each run of combining marks by class; the sort is stable.</summary>
    private static void Order(List<int> characters)
    {
        var data = CanonicalData.Instance;
        for (var start = 0; start < characters.Count;)
        {
            var end = start;
            while (end < characters.Count && data.Class(characters[end]) != 0) end++;
            if (end - start > 1)
            {
                var run = characters.GetRange(start, end - start).OrderBy(data.Class).ToList();
                for (var i = 0; i < run.Count; i++) characters[start + i] = run[i];
            }

            start = Math.Max(end, start + 1);
        }
    }

    private static void Compose(List<int> characters)
    {
        var data = CanonicalData.Instance;
        var starter = -1;
        var lastClass = 0;
        var count = 0;
        foreach (var character in characters.ToArray())
        {
            var combiningClass = data.Class(character);
            // Blocked: something of the same or a higher class, or another starter, stands between.
            var blocked = starter < 0 || (lastClass >= combiningClass && count - 1 != starter);
            if (!blocked && Pair(characters[starter], character) is { } composed)
            {
                characters[starter] = composed;
                continue;
            }

            if (combiningClass == 0) starter = count;
            lastClass = combiningClass;
            characters[count++] = character;
        }

        characters.RemoveRange(count, characters.Count - count);
    }

    private static int? Pair(int first, int second)
    {
        if (first is >= LeadBase and < LeadBase + Leads && second is >= VowelBase and < VowelBase + Vowels)
            return HangulBase + ((first - LeadBase) * Vowels + second - VowelBase) * Tails;
        var syllable = first - HangulBase;
        if (syllable is >= 0 and < Leads * Vowels * Tails && syllable % Tails == 0 && second is > TailBase and < TailBase + Tails)
            return first + second - TailBase;
        return CanonicalData.Instance.Composition(first, second);
    }
}
