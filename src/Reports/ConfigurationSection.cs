using Rlhf.Reports.Charts;

namespace Rlhf.Reports;

/// <summary>What was run, and on what.</summary>
internal static class ConfigurationSection
{
    public static void Write(MarkupWriter html, IReadOnlyList<ReportStage> stages)
    {
        if (stages.Count == 0) return;
        html.Open("section", ("id", "configuration"));
        html.Text("h2", "Configuration and environment");
        foreach (var stage in stages)
        {
            if (stage.Recipe is not null)
            {
                html.Open("details");
                html.Text("summary", $"{stage.Name}: recipe.yaml");
                html.Open("pre");
                html.Raw("\n");
                html.Text(stage.Recipe);
                html.Close();
                html.Open("p", ("class", "links"));
                Download.Link(html, $"{stage.Name}-recipe.yaml", "recipe (YAML): running it again is the same run", "text/yaml", stage.Recipe);
                html.Close();
                html.Close();
            }

            if (stage.Environment.Count == 0) continue;
            html.Open("details");
            html.Text("summary", $"{stage.Name}: environment");
            HtmlTable.Write(html, ["", "value"], stage.Environment.Select(fact => new[] { fact.Key, fact.Value }));
            html.Close();
        }

        html.Close();
        html.Raw("\n");
    }
}
