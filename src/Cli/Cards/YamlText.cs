using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Rlhf.Cli.Cards;

/// <summary>Texts as YAML values that every reader takes for texts: what might be read as a number, date or yes is quoted.</summary>
internal static partial class YamlText
{
    public static string Of(string words)
    {
        if (Plain().IsMatch(words) && !Word().IsMatch(words)) return words;
        var quoted = new StringBuilder("\"");
        foreach (var rune in words.EnumerateRunes())
            quoted.Append(rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\t' => "\\t",
                _ when Rune.IsControl(rune) || rune.Value is 0x85 or 0x2028 or 0x2029 or 0xFEFF or 0xFFFE or 0xFFFF => string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"),
                _ => rune.ToString(),
            });
        return quoted.Append('"').ToString();
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_./-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();

    [GeneratedRegex("^(y|n|yes|no|true|false|on|off|null)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
