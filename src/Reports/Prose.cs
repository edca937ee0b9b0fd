using Rlhf.Reports.Charts;

namespace Rlhf.Reports;

/// <summary>Sentences in which names of commands and keys stand between backquotes.</summary>
internal static class Prose
{
    public static void Write(MarkupWriter html, string sentence)
    {
        var parts = sentence.Split('`');
        for (var i = 0; i < parts.Length; i++)
        {
            if (i % 2 == 1 && i < parts.Length - 1) html.Text("code", parts[i]);
            else html.Text(i % 2 == 1 ? "`" + parts[i] : parts[i]);
        }
    }
}
