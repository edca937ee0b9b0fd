using System.Text;
using Rlhf.Reports.Charts;

namespace Rlhf.Reports;

/// <summary>Links that hold their file in themselves, so that the page needs no other file and no network.</summary>
internal static class Download
{
    /// <summary>Browsers refuse addresses beyond 2 MB.</summary>
    private const int LongestAddress = 1_500_000;

    /// <summary>A link, or several to parts that repeat the header, where the table is too large for one.</summary>
    public static void Csv(MarkupWriter html, string file, string label, string csv)
    {
        var parts = Parts(csv).ToArray();
        for (var i = 0; i < parts.Length; i++)
            Link(html, parts.Length == 1 ? $"{file}.csv" : $"{file}-{i + 1}.csv", parts.Length == 1 ? label : $"{label}, part {i + 1} of {parts.Length}", "text/csv", parts[i]);
    }

    public static void Link(MarkupWriter html, string file, string label, string type, string content) =>
        html.Text("a", label, ("download", file), ("href", $"data:{type};charset=utf-8,{Encoded(content)}"));

    internal static string Encoded(string content)
    {
        var encoded = new StringBuilder(content.Length * 5 / 4);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in content.EnumerateRunes())
        {
            if (rune.IsAscii && (Rune.IsLetterOrDigit(rune) || "-._~,;:=+/()[]".Contains((char)rune.Value)))
            {
                encoded.Append((char)rune.Value);
                continue;
            }

            foreach (var b in bytes[..rune.EncodeToUtf8(bytes)]) encoded.Append('%').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return encoded.ToString();
    }

    private static IEnumerable<string> Parts(string csv)
    {
        if (csv.Length * 5 / 4 < LongestAddress)
        {
            yield return csv;
            yield break;
        }

        var header = csv[..(csv.IndexOf('\n') + 1)];
        for (var start = header.Length; start < csv.Length;)
        {
            var end = start + LongestAddress * 4 / 5 >= csv.Length ? csv.Length : csv.LastIndexOf('\n', start + LongestAddress * 4 / 5) + 1;
            if (end <= start) end = csv.Length;   // one line beyond all bounds
            yield return header + csv[start..end];
            start = end;
        }
    }
}
