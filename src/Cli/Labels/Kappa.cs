namespace Rlhf.Cli.Labels;

/// <summary>Agreement beyond chance: 1 where all agree, 0 where they agree as often as chance would have it.</summary>
internal static class Kappa
{
    /// <summary>Cohen (1960), of two annotators: (p_o − p_e) / (1 − p_e). NaN where chance alone would agree always.</summary>
    /// <param name="answers">What the two said of each pair that both have answered.</param>
    public static double Cohen(IReadOnlyList<(Answer One, Answer Two)> answers)
    {
        double count = answers.Count;
        var observed = answers.Count(answer => answer.One == answer.Two) / count;
        var expected = Enum.GetValues<Answer>().Sum(answer => answers.Count(one => one.One == answer) / count * (answers.Count(one => one.Two == answer) / count));
        return (observed - expected) / (1 - expected);
    }

    /// <summary>
    /// Fleiss (1971), of any number of annotators: pairs weigh by how often their answers were compared, so that they need
    /// not have the same number of them.
    /// </summary>
    /// <param name="answers">What everybody said of each pair; those of one answer tell nothing and are left out.</param>
    public static double Fleiss(IEnumerable<IReadOnlyList<Answer>> answers)
    {
        var compared = answers.Where(one => one.Count > 1).ToArray();
        double total = compared.Sum(one => one.Count);
        var observed = compared.Sum(one => Agreeing(one) / (one.Count - 1)) / total;
        var expected = Enum.GetValues<Answer>().Sum(answer => Math.Pow(compared.Sum(one => one.Count(given => given == answer)) / total, 2));
        return (observed - expected) / (1 - expected);
    }

    /// <summary>Ordered pairs of annotators who say the same.</summary>
    private static double Agreeing(IReadOnlyList<Answer> given) => given.GroupBy(answer => answer).Sum(same => (double)same.Count() * (same.Count() - 1));
}
