using System.Text;

namespace Rlhf.Reports.Charts;

/// <summary>
/// Colours that stay apart for colour-blind readers (after Okabe and Ito 2008), darkened for white paper and lightened
/// for dark screens until text in them is readable. Charts never rely on colour alone: dashes and markers differ too.
/// </summary>
public static class Palette
{
    public const string LightPaper = "#ffffff";
    public const string DarkPaper = "#171b21";

    /// <summary>Blue, vermilion, green, purple, olive or yellow, slate.</summary>
    public static IReadOnlyList<string> Light { get; } = ["#0a66a8", "#c94a00", "#007a5a", "#9c3a98", "#5a5000", "#3d4450"];

    public static IReadOnlyList<string> Dark { get; } = ["#5aa9f0", "#ff8a4a", "#3fc79f", "#e884cc", "#f7e27c", "#8592a6"];

    /// <summary>Custom properties for both schemes, on <paramref name="selector"/>.</summary>
    public static string Css(string selector)
    {
        var css = new StringBuilder();
        css.Append(selector).Append('{').Append(Variables(Light, LightPaper, "#1b2430", "#5a6472", "#d9dee5", "#9aa4b2")).Append("}\n");
        css.Append("@media (prefers-color-scheme:dark){").Append(selector).Append('{')
            .Append(Variables(Dark, DarkPaper, "#e6eaf0", "#a3aebc", "#333b46", "#6b7684")).Append("}}\n");
        return css.ToString();
    }

    private static string Variables(IReadOnlyList<string> colours, string paper, string ink, string muted, string grid, string axis) =>
        $"--paper:{paper};--ink:{ink};--muted:{muted};--grid:{grid};--axis:{axis};"
        + string.Concat(colours.Select((colour, i) => $"--c{i + 1}:{colour};"));
}
