namespace Rlhf.Cli.Labels;

/// <summary>Two annotators and the pairs that both have answered.</summary>
internal sealed record PairOfAnnotators(string One, string Two, int Shared, double Agreement, double Kappa);

/// <summary>What one annotator's answers look like.</summary>
/// <param name="LeftShare">Of answers for one side, how many were for the left; NaN where there are none.</param>
/// <param name="LeftDeviation">How many standard errors that is from one half: beyond 3 the place decides, not the text.</param>
/// <param name="MedianSeconds">NaN where no time was told.</param>
/// <param name="TooFast">Answers far quicker than usual, over all annotators.</param>
internal sealed record AnnotatorSummary(string Name, int Labels, int Ties, int Skips, double LeftShare, double LeftDeviation, double MedianSeconds, int TooFast);

/// <summary>How far annotators agree, and whether they answer by place or without reading.</summary>
internal sealed record Agreement(IReadOnlyList<AnnotatorSummary> Annotators, IReadOnlyList<PairOfAnnotators> Pairs, int Compared, double Fleiss)
{
    /// <summary>Robust standard deviations of the logarithm of the seconds, as in Iglewicz and Hoaglin (1993).</summary>
    private const double Outlying = 3.5;

    /// <summary>Turns the median absolute deviation of normal numbers into their standard deviation.</summary>
    private const double OfNormal = 1.4826;

    public static Agreement Of(IReadOnlyList<LabelEntry> standing)
    {
        var answered = standing.Where(label => label.Answer is not Answer.Skip).ToArray();
        string[] names = [.. standing.Select(label => label.Annotator).Distinct().Order(StringComparer.Ordinal)];
        var byPair = answered.GroupBy(label => label.Pair!).Where(one => one.Select(label => label.Annotator).Distinct().Count() > 1).Select(one => one.ToArray()).ToArray();
        var quick = Quick(standing);
        return new Agreement(
            [.. names.Select(name => Summary(name, [.. standing.Where(label => label.Annotator == name)], quick))],
            [.. names.SelectMany((one, i) => names.Skip(i + 1).Select(two => Between(one, two, byPair))).Where(pair => pair.Shared > 0)],
            byPair.Length,
            byPair.Length == 0 ? double.NaN : Kappa.Fleiss(byPair.Select(one => (IReadOnlyList<Answer>)[.. one.Select(label => label.Answer!.Value)])));
    }

    private static PairOfAnnotators Between(string one, string two, LabelEntry[][] byPair)
    {
        (Answer One, Answer Two)[] both =
        [
            .. from labels in byPair
               let ofOne = labels.FirstOrDefault(label => label.Annotator == one)
               let ofTwo = labels.FirstOrDefault(label => label.Annotator == two)
               where ofOne is not null && ofTwo is not null
               select (ofOne!.Answer!.Value, ofTwo!.Answer!.Value),
        ];
        return both.Length == 0
            ? new PairOfAnnotators(one, two, 0, double.NaN, double.NaN)
            : new PairOfAnnotators(one, two, both.Length, both.Count(answers => answers.One == answers.Two) / (double)both.Length, Kappa.Cohen(both));
    }

    private static AnnotatorSummary Summary(string name, LabelEntry[] own, Func<LabelEntry, bool> quick)
    {
        var sided = own.Where(label => label.Answer is Answer.First or Answer.Second && label.Left is not null).ToArray();
        var left = sided.Count(label => label.Answer == Answer.First == (label.Left == Side.First)) / (double)sided.Length;
        return new AnnotatorSummary(name, own.Count(label => label.Answer != Answer.Skip), own.Count(label => label.Answer == Answer.Tie), own.Count(label => label.Answer == Answer.Skip),
            left, (left - 0.5) / Math.Sqrt(0.25 / sided.Length), Median([.. own.Where(label => label.Seconds > 0).Select(label => label.Seconds!.Value)]), own.Count(quick));
    }

    /// <summary>Whether a label took far less time than labels do.</summary>
    private static Func<LabelEntry, bool> Quick(IReadOnlyList<LabelEntry> standing)
    {
        double[] logs = [.. standing.Where(label => label.Seconds > 0).Select(label => Math.Log(label.Seconds!.Value))];
        var middle = Median(logs);
        var spread = OfNormal * Median([.. logs.Select(log => Math.Abs(log - middle))]);
        return label => label.Seconds is { } seconds && spread > 0 && (Math.Log(Math.Max(seconds, 1e-3)) - middle) / spread < -Outlying;
    }

    private static double Median(double[] values)
    {
        if (values.Length == 0) return double.NaN;
        Array.Sort(values);
        return (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2;
    }
}
