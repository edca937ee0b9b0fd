using System.Text;
using Rlhf.Reports.Charts;

namespace Rlhf.Reports;

/// <summary>Links that hold their file in themselves, so that the page needs no other file and no network.</summary>
internal static class Download
{
    /// <summary>Browsers refuse addresses beyond 2 MB.</summary>
    internal const int LongestAddress = 1_500_000;

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
        var header = csv[..EndOfRecord(csv, 0)];
        var room = LongestAddress - Encoded(header).Length;
        var (start, length) = (header.Length, 0);
        for (int at = start, end; at < csv.Length; at = end)
        {
            end = EndOfRecord(csv, at);
            var added = Encoded(csv[at..end]).Length;
            if (length + added > room && at > start)
            {
                yield return header + csv[start..at];
                (start, length) = (at, 0);
            }

            length += added;
        }

        yield return header + csv[start..];
    }

    /// <summary>Behind the next newline that is not in quotes.</summary>
    private static int EndOfRecord(string csv, int start)
    {
        var isQuoted = false;
        for (var i = start; i < csv.Length; i++)
        {
            if (csv[i] == '"') isQuoted = !isQuoted;
            else if (csv[i] == '\n' && !isQuoted) return i + 1;
        }

        return csv.Length;
    }
}
