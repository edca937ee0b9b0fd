using System.Globalization;
using Rlhf.Rewards.Evaluation;
using Spectre.Console;

namespace Rlhf.Cli.Commands;

/// <summary>The report as tables for a terminal.</summary>
public static class RewardReportTable
{
    public static void Write(RewardReport report, IAnsiConsole console)
    {
        console.Write(Summary(report));
        console.Write(Lengths(report.Length));
        console.Write(Calibrations(report.Calibration));
        if (report.Worst.Count > 0) console.Write(Worst(report.Worst));
    }

    private static Table Summary(RewardReport report)
    {
        var table = Titled("Reward model on held-out pairs", "measure", "value");
        table.AddRow("pairs", Text($"{report.Pairs}"));
        table.AddRow("accuracy", Share(report.Accuracy));
        if (report.Gold is { } gold)
        {
            table.AddRow("ceiling (label noise)", Share(gold.Ceiling));
            table.AddRow("agreement with gold", Share(gold.Agreement));
        }

        table.AddRow("length-only baseline", Share(report.Length.Baseline));
        table.AddRow("against the baseline", Text($"{report.Length.Verdict} ({report.Length.Advantage:+0.000;-0.000}, {report.Length.AdvantageLow:+0.000;-0.000} to {report.Length.AdvantageHigh:+0.000;-0.000})"));
        table.AddRow("log-loss (0.693 knows nothing)", Text($"{report.LogLoss:0.000}"));
        table.AddRow("calibration error (ECE)", Text($"{report.Calibration.ExpectedError:0.000}"));
        table.AddRow("mean margin", Text($"{report.MeanMargin:0.000}"));
        table.AddRow("reward against length (r)", Text($"{report.Length.Correlation:0.00}"));
        if (report.Ensemble is { } ensemble)
            table.AddRow("ensemble", Text($"{ensemble.Members} members agree on {ensemble.Agreement:0.0%}, deviation {ensemble.Deviation:0.00}"));
        return table;
    }

    private static Table Lengths(LengthReport length)
    {
        var table = Titled("Accuracy by length (chosen − rejected, tokens)", "from", "to", "pairs", "accuracy");
        foreach (var band in length.ByDifference) table.AddRow(Text($"{band.From}"), Text($"{band.To}"), Text($"{band.Accuracy.Count}"), Share(band.Accuracy));
        return table;
    }

    private static Table Calibrations(Calibration calibration)
    {
        var table = Titled("Calibration", "confidence", "pairs", "said", "was right");
        foreach (var bin in calibration.Bins)
            table.AddRow(Text($"{bin.From:0.00}–{bin.To:0.00}"), Text($"{bin.Count}"), Text($"{bin.MeanConfidence:0.000}"), Text($"{bin.Accuracy:0.000}"));
        return table;
    }

    private static Table Worst(IReadOnlyList<WorstPair> worst)
    {
        var table = Titled("Most wrong", "line", "margin", "prompt", "people preferred", "the model preferred");
        foreach (var pair in worst)
            table.AddRow(Text($"{pair.Line}"), Text($"{pair.Margin:0.00}"), Short(pair.Prompt), Short(pair.Chosen), Short(pair.Rejected));
        return table;
    }

    private static Table Titled(string title, params string[] columns)
    {
        var table = new Table().Title(title).Border(TableBorder.Rounded);
        foreach (var column in columns) table.AddColumn(column);
        return table;
    }

    private static string Share(Proportion share) => Text($"{share.Value:0.000} ({share.Low:0.000} to {share.High:0.000})");

    private static string Short(string text)
    {
        var line = text.ReplaceLineEndings(" ").Trim();
        return Markup.Escape(line.Length <= 80 ? line : string.Concat(line.AsSpan(0, 79), "…"));
    }

    private static string Text(FormattableString text) => Markup.Escape(text.ToString(CultureInfo.InvariantCulture));
}
