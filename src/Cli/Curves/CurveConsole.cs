using Rlhf.Evaluation;
using Rlhf.Reports.Charts;
using Spectre.Console;

namespace Rlhf.Cli.Curves;

/// <summary>A curve for a terminal: a row for each policy, then best-of-n, then the verdict.</summary>
public static class CurveConsole
{
    public static void Write(Curve curve, Verdict verdict, IAnsiConsole console)
    {
        console.Write(Policies(curve));
        if (curve.BestOfN.Count > 1) console.Write(BestOfN(curve));
        console.WriteLine(verdict.Headline);
        foreach (var line in verdict.Reasons.Concat(verdict.Missing)) console.WriteLine($"- {line}");
    }

    private static Table Policies(Curve curve)
    {
        var gold = curve.GoldScale is not null;
        var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(
            $"{curve.Points.Count} checkpoints on {curve.Prompts} prompts; gains in standard deviations of the reference's scores, [95% intervals]"));
        var names = curve.Points.Select(point => point.Run).Distinct().Count() > 1;
        if (names) table.AddColumn(new TableColumn("run").NoWrap());
        foreach (var name in new[] { "step", "KL, nats", "proxy gain" }) table.AddColumn(new TableColumn(name).RightAligned());
        if (gold) foreach (var name in new[] { "gold gain", "gold wins" }) table.AddColumn(new TableColumn(name).RightAligned());
        foreach (var name in new[] { "length", "ended", "entropy", "repeats" }) table.AddColumn(new TableColumn(name).RightAligned());
        foreach (var point in curve.Points.Prepend(curve.Reference))
            table.AddRow(
            [
                .. names ? [Markup.Escape(point.Run)] : Array.Empty<string>(),
                .. new[] { NumberFormat.Count(point.Step), Text(point.Kl.Best), Text(point.ProxyGain) },
                .. gold ? [Text(point.GoldGain), NumberFormat.Percent(point.GoldWinRate?.Value ?? double.NaN)] : Array.Empty<string>(),
                .. new[] { NumberFormat.Value(point.Length.Value), NumberFormat.Percent(point.EosRate), NumberFormat.Value(point.Entropy), NumberFormat.Percent(point.Repetition) },
            ]);
        return table;
    }

    private static Table BestOfN(Curve curve)
    {
        var table = new Table().Border(TableBorder.Rounded).Title("Best of n from the reference");
        foreach (var name in new[] { "n", "KL, nats", "proxy gain", "gold gain" }) table.AddColumn(new TableColumn(name).RightAligned());
        foreach (var point in curve.BestOfN.Where(point => int.IsPow2(point.N) || point.N == curve.BestOfN.Count))
            table.AddRow(NumberFormat.Count(point.N), NumberFormat.Value(point.Kl), Text(point.ProxyGain), Text(point.GoldGain));
        return table;
    }

    private static string Text(Estimate? estimate) => estimate is null ? "–"
        : estimate.Low == estimate.High ? NumberFormat.Value(estimate.Value)
        : Markup.Escape($"{NumberFormat.Value(estimate.Value)} [{NumberFormat.Value(estimate.Low)}, {NumberFormat.Value(estimate.High)}]");
}
