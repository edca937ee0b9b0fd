namespace Rlhf.Evaluation;

/// <summary>
/// The curve as one flat table, for spreadsheets and data frames: a row per policy, the reference first, then the
/// checkpoints, then best-of-n. Numbers that a row does not have are NaN.
/// </summary>
internal sealed record CurveTable(IReadOnlyList<string> TextColumns, IReadOnlyList<string> NumberColumns, IReadOnlyList<CurveRow> Rows)
{
    private static readonly string[] s_text = ["run", "algorithm", "checkpoint"];

    private static readonly (string Name, Func<CurvePoint, double> Of)[] s_numbers =
    [
        ("step", p => p.Step), ("episodes", p => p.Episodes), ("n", _ => double.NaN),
        ("kl_k1", p => p.Kl.K1.Value), ("kl_k1_low", p => p.Kl.K1.Low), ("kl_k1_high", p => p.Kl.K1.High),
        ("kl_k3", p => p.Kl.K3.Value), ("kl_exact", p => p.Kl.Exact.Value), ("kl_exact_low", p => p.Kl.Exact.Low), ("kl_exact_high", p => p.Kl.Exact.High),
        ("kl_per_token", p => p.KlPerToken),
        ("proxy", p => p.Proxy.Value), ("proxy_low", p => p.Proxy.Low), ("proxy_high", p => p.Proxy.High),
        ("gold", p => p.Gold?.Value ?? double.NaN), ("gold_low", p => p.Gold?.Low ?? double.NaN), ("gold_high", p => p.Gold?.High ?? double.NaN),
        ("proxy_gain", p => p.ProxyGain.Value), ("proxy_gain_low", p => p.ProxyGain.Low), ("proxy_gain_high", p => p.ProxyGain.High),
        ("gold_gain", p => p.GoldGain?.Value ?? double.NaN), ("gold_gain_low", p => p.GoldGain?.Low ?? double.NaN), ("gold_gain_high", p => p.GoldGain?.High ?? double.NaN),
        ("proxy_win_rate", p => p.ProxyWinRate.Value),
        ("gold_win_rate", p => p.GoldWinRate?.Value ?? double.NaN), ("gold_win_rate_low", p => p.GoldWinRate?.Low ?? double.NaN), ("gold_win_rate_high", p => p.GoldWinRate?.High ?? double.NaN),
        ("length", p => p.Length.Value), ("eos_rate", p => p.EosRate), ("entropy", p => p.Entropy),
        ("distinct1", p => p.Distinct1), ("distinct2", p => p.Distinct2), ("repetition", p => p.Repetition),
        ("proxy_gold_correlation", p => p.ProxyGoldCorrelation),
    ];

    public static (IReadOnlyList<string> Texts, IReadOnlyList<string> Numbers) Columns { get; } = (s_text, [.. s_numbers.Select(column => column.Name)]);

    public static CurveTable Of(Curve curve) => new(Columns.Texts, Columns.Numbers,
        [Row(curve.Reference), .. curve.Points.Select(Row), .. curve.BestOfN.Select(Row)]);

    private static CurveRow Row(CurvePoint point) =>
        new([point.Run, point.Algorithm, point.Checkpoint], [.. s_numbers.Select(column => column.Of(point))]);

    private static CurveRow Row(BestOfNPoint point)
    {
        var known = new Dictionary<string, double>
        {
            ["n"] = point.N, ["kl_k1"] = point.Kl, ["kl_k3"] = point.Kl, ["kl_exact"] = point.Kl,
            ["proxy"] = point.Proxy.Value, ["proxy_low"] = point.Proxy.Low, ["proxy_high"] = point.Proxy.High,
            ["proxy_gain"] = point.ProxyGain.Value, ["proxy_gain_low"] = point.ProxyGain.Low, ["proxy_gain_high"] = point.ProxyGain.High,
        };
        Add("gold", point.Gold);
        Add("gold_gain", point.GoldGain);
        return new CurveRow(["reference", "best_of_n", ""], [.. s_numbers.Select(column => known.GetValueOrDefault(column.Name, double.NaN))]);

        void Add(string name, Estimate? estimate)
        {
            if (estimate is null) return;
            known[name] = estimate.Value;
            known[name + "_low"] = estimate.Low;
            known[name + "_high"] = estimate.High;
        }
    }
}

/// <summary>A row's texts and numbers, in the order of the table's columns.</summary>
internal sealed record CurveRow(IReadOnlyList<string> Texts, IReadOnlyList<double> Numbers);
