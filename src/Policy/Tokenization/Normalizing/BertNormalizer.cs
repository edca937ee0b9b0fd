using System.Text;

namespace Rlhf.Policies.Tokenization.Normalizing;

/// <summary>BERT's own: no control characters, every white space a space, Chinese characters apart, no accents, small letters.</summary>
internal sealed record BertNormalizer(bool Cleans, bool PartsChinese, bool StripsAccents, bool Lowers) : Normalizer
{
    public override string Apply(string text)
    {
        if (Cleans) text = Cleaned(text);
        if (PartsChinese) text = Parted(text);
        if (StripsAccents) text = WithoutAccents(text);
        return Lowers ? LowercaseNormalizer.Lowered(text) : text;
    }

    private static string Cleaned(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (BertCharacters.IsControl(rune) || rune.Value is 0 or 0xFFFD) continue;
            clean.Append(Rune.IsWhiteSpace(rune) ? " " : rune.ToString());
        }

        return clean.ToString();
    }

    private static string Parted(string text)
    {
        var parted = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsChinese(rune.Value)) parted.Append(' ').Append(rune.ToString()).Append(' ');
            else parted.Append(rune.ToString());
        }

        return parted.ToString();
    }

    private static string WithoutAccents(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var rune in CanonicalNormalization.Normalize(text, CanonicalForm.Decomposed).EnumerateRunes())
        {
            if (!BertCharacters.IsAccent(rune)) plain.Append(rune.ToString());
        }

        return plain.ToString();
    }

    // The one range that begins at 2B920 is so in the library that made the files.
    private static bool IsChinese(int code) => code is >= 0x4E00 and <= 0x9FFF or >= 0x3400 and <= 0x4DBF or >= 0x20000 and <= 0x2A6DF or >= 0x2A700 and <= 0x2B73F
        or >= 0x2B740 and <= 0x2B81F or >= 0x2B920 and <= 0x2CEAF or >= 0xF900 and <= 0xFAFF or >= 0x2F800 and <= 0x2FA1F;
}
