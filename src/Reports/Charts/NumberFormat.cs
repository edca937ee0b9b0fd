using System.Globalization;

namespace Rlhf.Reports.Charts;

/// <summary>Numbers as people read them: no digits that say nothing, a real minus sign.</summary>
public static class NumberFormat
{
    private const int MostDecimals = 12;

    /// <summary>A tick among ticks: where they stand at equal steps, all show the same number of decimals, and as many as tell one from the next.</summary>
    public static IReadOnlyList<string> Ticks(IReadOnlyList<double> ticks)
    {
        for (var more = 0; ; more++)
        {
            var texts = Ticks(ticks, more);
            if (more == MostDecimals || texts.Distinct().Count() == ticks.Distinct().Count()) return texts;
        }
    }

    /// <param name="more">Decimals beyond those that mostly do.</param>
    private static string[] Ticks(IReadOnlyList<double> ticks, int more)
    {
        var largest = ticks.Count == 0 ? 0 : ticks.Max(Math.Abs);
        if (largest == 0) return [.. ticks.Select(_ => "0")];
        if (largest < 1e-3) return [.. ticks.Select(tick => tick == 0 ? "0" : Scientific(tick, 2 + more))];
        if (largest >= 1e9) return [.. ticks.Select(tick => Trim(tick / 1e9, 2 + more) + (tick == 0 ? "" : "B"))];
        if (largest >= 2e6) return [.. ticks.Select(tick => Trim(tick / 1e6, 2 + more) + (tick == 0 ? "" : "M"))];
        if (largest >= 1e4) return [.. ticks.Select(tick => Trim(tick / 1e3, 2 + more) + (tick == 0 ? "" : "k"))];
        var smallest = ticks.Where(tick => tick != 0).Min(Math.Abs);
        if (largest / smallest >= 1000) return [.. ticks.Select(tick => tick != 0 && Math.Abs(tick) < 1e-3 ? Scientific(tick, 2 + more) : Trim(tick, 3 + more))];
        var even = ticks.Zip(ticks.Skip(1), (a, b) => b - a).All(step => Math.Abs(step - (ticks[1] - ticks[0])) < 1e-9 * largest);
        if (!even) return [.. ticks.Select(tick => Trim(tick, 3 + more))];
        var decimals = ticks.Max(Decimals) + more;
        return [.. ticks.Select(tick => Signed(tick.ToString("F" + decimals, CultureInfo.InvariantCulture)))];
    }

    /// <summary>A value in a table or label, about three significant digits; a dash where there is no number.</summary>
    public static string Value(double value)
    {
        if (double.IsNaN(value)) return "–";
        if (double.IsInfinity(value)) return value > 0 ? "∞" : "−∞";
        var size = Math.Abs(value);
        var format = size switch
        {
            0 => "0",
            >= 1e7 or < 1e-3 => null,
            >= 100 => "#,0",
            >= 10 => "0.0",
            >= 0.1 => "0.00",
            >= 0.01 => "0.000",
            _ => "0.0000",
        };
        return format is null ? Scientific(value, 2) : Signed(value.ToString(format, CultureInfo.InvariantCulture));
    }

    public static string Percent(double share, int decimals = 0) =>
        double.IsFinite(share) ? Signed((100 * share).ToString("F" + decimals, CultureInfo.InvariantCulture)) + "%" : "–";

    public static string Count(long count) => Signed(count.ToString("#,0", CultureInfo.InvariantCulture));

    private static string Scientific(double value, int decimals)
    {
        var text = value.ToString($"0.{new string('#', decimals)}e+0", CultureInfo.InvariantCulture);
        return Signed(text.Replace("e+", "e", StringComparison.Ordinal));
    }

    private static string Trim(double value, int decimals) =>
        Signed(value.ToString($"0.{new string('#', decimals)}", CultureInfo.InvariantCulture));

    private static int Decimals(double tick)
    {
        for (var decimals = 0; decimals < 4; decimals++)
            if (Math.Abs(Math.Round(tick, decimals) - tick) < 1e-9 * Math.Max(1, Math.Abs(tick))) return decimals;
        return 4;
    }

    private static string Signed(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('1', '9') < 0) text = text.TrimStart('-');
        return text.Replace('-', '−');
    }
}
