using System.Globalization;
using Rlhf.Reports.Charts;

namespace Rlhf.Reports.Tests.Charts;

public sealed class PaletteTests
{
    [Fact]
    public void Colours_OnTheirPaper_AreReadableAsText()
    {
        Assert.All(Palette.Light, colour => Assert.True(Contrast(colour, Palette.LightPaper) >= 4.5, colour));
        Assert.All(Palette.Dark, colour => Assert.True(Contrast(colour, Palette.DarkPaper) >= 4.5, colour));
    }

    [Fact]
    public void Contrast_BlackOnWhite_Is21() => Assert.Equal(21, Contrast("#000000", "#ffffff"), 6);

    [Theory]
    [MemberData(nameof(Seen))]
    public void Colours_SeenWithoutOneKindOfCone_StayApart(string scheme, string cone, double[][] matrix)
    {
        var seen = (scheme == "light" ? Palette.Light : Palette.Dark).Select(colour => Times(matrix, Linear(colour))).ToArray();
        for (var i = 0; i < seen.Length; i++)
            for (var j = i + 1; j < seen.Length; j++)
                Assert.True(Distance(seen[i], seen[j]) > 0.1, $"{scheme} without {cone} cones: colours {i + 1} and {j + 1}, {Distance(seen[i], seen[j])}");
    }

    // Machado, Oliveira and Fernandes 2009, severity 1.
    public static IEnumerable<object[]> Seen()
    {
        double[][] withoutGreen = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]];
        double[][] withoutRed = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]];
        foreach (var scheme in new[] { "light", "dark" })
        {
            yield return [scheme, "green", withoutGreen];
            yield return [scheme, "red", withoutRed];
        }
    }

    // WCAG 2.1: (L₁ + 0.05)/(L₂ + 0.05) of relative luminances.
    private static double Contrast(string first, string second)
    {
        double a = Luminance(first), b = Luminance(second);
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double Luminance(string colour)
    {
        var rgb = Linear(colour);
        return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
    }

    private static double[] Times(double[][] matrix, double[] vector) => [.. matrix.Select(row => row.Zip(vector, (a, b) => a * b).Sum())];

    private static double Distance(double[] a, double[] b) =>
        Math.Sqrt(a.Zip(b, (x, y) => (Math.Cbrt(x) - Math.Cbrt(y)) * (Math.Cbrt(x) - Math.Cbrt(y))).Sum());

    private static double[] Linear(string colour) =>
        [.. Enumerable.Range(0, 3).Select(i => int.Parse(colour.AsSpan(1 + 2 * i, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0)
            .Select(c => c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4))];
}
