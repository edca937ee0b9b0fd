using Rlhf.Cli.Shell;
using Rlhf.Reports;
using Rlhf.Reports.Charts;
using Rlhf.Rewards.Evaluation;
using Rlhf.Rewards.Training;

namespace Rlhf.Cli.Commands;

/// <summary>A reward model's trust report, printed as tables or JSON, and as files.</summary>
internal static class RewardReportOutput
{
    public static void Write(RewardReport report, CommandContext context)
    {
        if (context.Format == OutputFormat.Json)
        {
            context.Output.Write(RewardReportJson.Text(report));
            return;
        }

        RewardReportTable.Write(report, PlainConsole.On(context.Output));
    }

    /// <summary>Writes the report as JSON and HTML, and every chart as SVG; the result is the page.</summary>
    public static string Save(RewardReport report, string model, string folder)
    {
        Directory.CreateDirectory(folder);
        var page = Path.Combine(folder, "trust.html");
        File.WriteAllText(Path.Combine(folder, RewardStage.ReportFile), RewardReportJson.Text(report));
        File.WriteAllText(page, TrustReport.Html(model, report));
        foreach (var chart in TrustCharts.Of(report)) File.WriteAllText(Path.Combine(folder, $"{chart.Id}.svg"), ChartRenderer.Standalone(chart, ChartSize.Medium));
        return page;
    }
}
