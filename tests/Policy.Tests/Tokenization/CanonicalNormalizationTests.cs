using System.Security.Cryptography;
using System.Text;
using Rlhf.Policies.Tokenization.Normalizing;

namespace Rlhf.Policies.Tests.Tokenization;

public sealed class CanonicalNormalizationTests
{
    [Theory]
    [InlineData("e\u0301", "\u00E9")]
    [InlineData("\u212B", "\u00C5")]
    [InlineData("\u1112\u1161\u11AB", "\uD55C")]
    [InlineData("a\u0307\u0323", "\u1EA1\u0307")]
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("plain ASCII, ñ as one", "plain ASCII, ñ as one")]
    [InlineData("", "")]
    public void Normalize_Composed_GivesNfc(string text, string expected)
        => Assert.Equal(expected, CanonicalNormalization.Normalize(text, CanonicalForm.Composed));

    [Theory]
    [InlineData("\u00E9", "e\u0301")]
    [InlineData("\uD55C", "\u1112\u1161\u11AB")]
    [InlineData("\u1E69", "s\u0323\u0307")]
    public void Normalize_Decomposed_GivesNfd(string text, string expected)
        => Assert.Equal(expected, CanonicalNormalization.Normalize(text, CanonicalForm.Decomposed));

    /// <summary>Python's unicodedata 14.0 over 'a', each character, 'b', a line each in UTF-8.</summary>
    [Theory]
    [InlineData("NFC", "C40DBCCB601AA04C8C9DC563E97D6B8FF65C79E20B524DCDC4C07660CFC540E2")]
    [InlineData("NFD", "EACF16A2382233AA8D523676B1592003BBB7B464BC4C6CD6FC382D914E06F9CF")]
    public void Normalize_EveryCharacter_AsPythonDoes(string form, string sha256)
    {
        var texts = Enumerable.Range(0, 0x110000).Where(Rune.IsValid).Select(character => $"a{new Rune(character)}b");
        Assert.Equal(sha256, Hash(texts, form));
    }

    /// <summary>The same over 20,000 texts of 12 characters that compose, reorder, or stand between.</summary>
    [Theory]
    [InlineData("NFC", "08CC81F145099A46E5C41F14CA9C4F42E657BE1F8CBF622835FCCD19A523A299")]
    [InlineData("NFD", "C5B9B590E272D49BEBF807335F32086037DFC72D3F92892443F2B348FD9B41E1")]
    public void Normalize_RandomSequences_AsPythonDoes(string form, string sha256)
    {
        var pool = "Aaeou\u0059\u0300\u0301\u0302\u0304\u0307\u0308\u030A\u0323\u0327\u0328\u031B\u0345\u0338\u1100\u1161\u11A8\uAC00\uAC01\u1112\u1175\u11C2\u093C\u0915\u0958\u09C7\u09BE\u03B1\u1F80\u212B\u2126\U000110A5\U000110BA\u05D0\u05B7\u3099\u304B\u0F71\u0F72\u0F80"
            .EnumerateRunes().ToArray();
        var state = 12345L;
        Assert.Equal(sha256, Hash(Enumerable.Range(0, 20_000).Select(_ => string.Concat(Enumerable.Range(0, 12).Select(_ => pool[Next() % pool.Length]))), form));

        // The constants of the C library's rand; the low bits of such a generator are poor.
        long Next() => (state = (state * 1103515245 + 12345) & 0x7fffffff) >> 8;
    }

    private static string Hash(IEnumerable<string> texts, string name)
    {
        var form = name == "NFC" ? CanonicalForm.Composed : CanonicalForm.Decomposed;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in texts) hash.AppendData(Encoding.UTF8.GetBytes(CanonicalNormalization.Normalize(text, form) + "\n"));
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
