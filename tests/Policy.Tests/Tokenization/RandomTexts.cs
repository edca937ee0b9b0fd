using System.Text;

namespace Rlhf.Policies.Tests.Tokenization;

/// <summary>Texts of words, spaces, marks, scripts and any characters at all, the same for the same seed.</summary>
internal static class RandomTexts
{
    private static readonly string[] Parts =
    [
        "the", " the", "Once upon", " a time", "don't", "we'LL", "I'VE", "123", " 45678", "3.14", "  ", "   ", "\n", "\n\n", "\r\n", "\t", ".", "...", "!?", " - ", "(", ")", "<s>", "</s>", "<|endoftext|>", "<unk>",
        "é", "e\u0301", "ñ", "ß", "İ", "ﬁ", "Å", "naïve", "Привет", " мир", "日本語", "テキスト", "你好", "한국어", "العربية", "עברית", "हिन्दी", "ไทย", "🦊", "👩‍👩‍👧", "🇩🇪", "\u200b", "\u00a0", "\u2028", "\ufeff", "\u3000", "▁", "Ġ", "##ing",
        "http://x.y/z?a=b&c", "_under_score", "CamelCase", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "1,000,000", "x²", "½", "Ⅷ", "①", "\u0007",
    ];

    public static IEnumerable<string> Of(int seed, int count)
    {
        var random = new Random(seed);
        for (var i = 0; i < count; i++) yield return One(random);
    }

    private static string One(Random random)
    {
        var text = new StringBuilder();
        for (var parts = random.Next(1, 14); parts > 0; parts--)
        {
            switch (random.Next(8))
            {
                case 0:
                    var code = random.Next(1, random.Next(4) switch { 0 => 0x110000, 1 => 0x10000, 2 => 0x3000, _ => 0x250 });
                    text.Append(code is >= 0xD800 and <= 0xDFFF ? "?" : char.ConvertFromUtf32(code));
                    break;
                case 1:
                    for (var letters = random.Next(1, 12); letters > 0; letters--) text.Append((char)random.Next(' ', '\x7f'));
                    break;
                case 2:
                    for (var letters = random.Next(1, 9); letters > 0; letters--) text.Append((char)random.Next('a', 'z' + 1));
                    text.Append(' ');
                    break;
                default:
                    text.Append(Parts[random.Next(Parts.Length)]);
                    break;
            }
        }

        return text.ToString();
    }
}
