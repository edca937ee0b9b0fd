using System.Text.RegularExpressions;

namespace Rlhf.Policies.Tokenization.Normalizing;

/// <summary>Rewrites a text before it is split into words.</summary>
internal abstract record Normalizer
{
    public abstract string Apply(string text);
}

/// <summary>One after the other.</summary>
internal sealed record NormalizerSequence(IReadOnlyList<Normalizer> Steps) : Normalizer
{
    public override string Apply(string text) => Steps.Aggregate(text, (current, step) => step.Apply(current));
}

/// <summary>Puts something before every text that is not empty (Llama's "▁").</summary>
internal sealed record PrependNormalizer(string Prefix) : Normalizer
{
    public override string Apply(string text) => text.Length == 0 ? text : Prefix + text;
}

internal sealed record ReplaceNormalizer(string Old, string New) : Normalizer
{
    public override string Apply(string text) => text.Replace(Old, New, StringComparison.Ordinal);
}

internal sealed record RegexReplaceNormalizer(Regex Pattern, string New) : Normalizer
{
    public override string Apply(string text) => Pattern.Replace(text, _ => New);
}

internal sealed record LowercaseNormalizer : Normalizer
{
    public override string Apply(string text) => Lowered(text);

    /// <summary>The one letter whose small form is two characters is written as them.</summary>
    public static string Lowered(string text) => text.Replace("İ", "i\u0307", StringComparison.Ordinal).ToLowerInvariant();
}

internal sealed record StripNormalizer(bool Left, bool Right) : Normalizer
{
    public override string Apply(string text) => (Left, Right) switch
    {
        (true, true) => text.Trim(),
        (true, false) => text.TrimStart(),
        (false, true) => text.TrimEnd(),
        _ => text,
    };
}

/// <summary>A canonical form of Unicode: NFC (composed) or NFD (decomposed).</summary>
internal sealed record UnicodeNormalizer(CanonicalForm Form) : Normalizer
{
    public override string Apply(string text) => CanonicalNormalization.Normalize(text, Form);
}
