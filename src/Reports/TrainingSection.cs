using Rlhf.Reports.Charts;

namespace Rlhf.Reports;

/// <summary>The course of one stage's training.</summary>
internal static class TrainingSection
{
    public static void Write(MarkupWriter html, ReportStage stage)
    {
        if (stage.Metrics.Steps.Count == 0) return;
        html.Open("section", ("id", $"training-{stage.Name}"));
        html.Text("h2", $"Course of training: {stage.Name}");
        html.Text("p", $"{NumberFormat.Count(stage.Metrics.Steps.Count)} steps logged. Where there are many, bold lines are smoothed and the faint ones behind them are the numbers themselves.", ("class", "lead"));
        Figure.Grid(html, TrainingCharts.Standard(stage));
        var others = TrainingCharts.Others(stage).ToArray();
        if (others.Length > 0)
        {
            html.Open("details");
            html.Text("summary", $"Everything else that was logged ({others.Length})");
            Figure.Grid(html, others);
            html.Close();
        }

        html.Open("p", ("class", "links"));
        Download.Csv(html, $"metrics-{stage.Name}", "all metrics by step (CSV)", stage.Metrics.ToCsv());
        html.Close();
        html.Close();
        html.Raw("\n");
    }
}
