using System.Reflection;
using Rlhf.Reports.Charts;

namespace Rlhf.Reports;

/// <summary>
/// The page round the sections: one file, no script, nothing loaded. The content security policy keeps it so even where
/// a text of the run tries otherwise.
/// </summary>
internal static class ReportPage
{
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

    public static string Of(string title, string subtitle, IEnumerable<(string Anchor, string Name)> contents, Action<MarkupWriter> sections)
    {
        var html = new MarkupWriter();
        html.Raw("<!DOCTYPE html>\n");
        html.Open("html", ("lang", "en"));
        html.Open("head");
        html.Empty("meta", ("charset", "utf-8"));
        html.Empty("meta", ("http-equiv", "Content-Security-Policy"), ("content", Policy));
        html.Empty("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1"));
        html.Empty("meta", ("name", "color-scheme"), ("content", "light dark"));
        html.Empty("link", ("rel", "icon"), ("href", "data:,"));
        html.Text("title", title);
        html.Raw($"<style>\n{Palette.Css(":root")}{StyleSheet()}</style>");
        html.Close();
        html.Raw("\n");
        html.Open("body");
        html.Open("header");
        html.Text("p", subtitle, ("class", "subtitle"));
        html.Text("h1", title);
        html.Open("nav", ("aria-label", "Contents"));
        foreach (var (anchor, name) in contents) html.Text("a", name, ("href", $"#{anchor}"));
        html.Close();
        html.Close();
        html.Raw("\n");
        html.Open("main");
        sections(html);
        html.Close();
        html.Close();
        html.Close();
        html.Raw("\n");
        return html.ToString();
    }

    private static string StyleSheet()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("report.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
