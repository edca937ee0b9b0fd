using System.Globalization;
using System.Text;

namespace Rlhf.Policies.Tokenization.Splitting;

/// <summary>
/// .NET patterns see UTF-16 units, the patterns of tokenizers see characters: `\p{L}` must match 𝕏, which is two units.
/// A shadow of the text holds, for each character beyond U+FFFF, one of the same category from the Basic Multilingual
/// Plane, so that patterns made of categories match as they should.
/// </summary>
internal readonly ref struct AstralShadow
{
    private static readonly char[] Stand = MakeStandIns();
    private readonly int[] _original;

    public AstralShadow(ReadOnlySpan<char> text)
    {
        var shadow = new char[text.Length];
        _original = new int[text.Length + 1];
        var count = 0;
        var place = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            _original[count] = place;
            shadow[count++] = rune.IsBmp ? (char)rune.Value : Stand[(int)Rune.GetUnicodeCategory(rune)];
            place += rune.Utf16SequenceLength;
        }

        _original[count] = place;
        Text = shadow.AsSpan(0, count);
    }

    public ReadOnlySpan<char> Text { get; }

    public static bool IsNeeded(ReadOnlySpan<char> text) => text.IndexOfAnyInRange('\uD800', '\uDFFF') >= 0;

    /// <summary>Where in the text the shadow's place is.</summary>
    public int Original(int place) => _original[place];

    private static char[] MakeStandIns()
    {
        // The last character of each category: explicit ranges in patterns (CJK, kana, Hangul) do not reach them.
        var stands = new char[30];
        for (var letter = '\0'; letter < '\uD7FF'; letter++) stands[(int)char.GetUnicodeCategory(letter)] = letter;
        stands[(int)UnicodeCategory.OtherLetter] = '\u1401';
        stands[(int)UnicodeCategory.PrivateUse] = '\uE000';
        return stands;
    }
}
