using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Rewards.Preferences;

/// <summary>Counts defects by kind and keeps the first of them; under <see cref="OnDefect.Error"/> the first one is thrown.</summary>
/// <param name="listener">Is told of every defect, also of those that are not kept.</param>
internal sealed class DefectLog(OnDefect onDefect = OnDefect.Skip, Action<Defect>? listener = null)
{
    /// <summary>As many defects are kept in full, so that memory stays bounded.</summary>
    public const int MostKept = 10_000;

    private readonly List<Defect> kept = [];
    private readonly SortedDictionary<DefectKind, long> counts = [];

    /// <summary>The first <see cref="MostKept"/> defects.</summary>
    public IReadOnlyList<Defect> Kept => kept;

    public long Total => counts.Values.Sum();

    /// <summary>How many there are of each kind, by snake_case name; kinds that did not occur are absent.</summary>
    public IReadOnlyDictionary<string, long> Counts => counts.ToDictionary(pair => KeyNames.Snake(pair.Key.ToString()), pair => pair.Value);

    public void Add(Defect defect)
    {
        if (onDefect == OnDefect.Error) throw new RlhfException($"{defect}; mend the row, or set on_defect: skip to leave such rows out");
        counts[defect.Kind] = counts.GetValueOrDefault(defect.Kind) + 1;
        if (kept.Count < MostKept) kept.Add(defect);
        listener?.Invoke(defect);
    }

    /// <summary>One line for people: <c>15 rows left out (identical_sides 2, empty_reply 4, prompts_differ 9)</c>.</summary>
    public override string ToString() => Total == 0
        ? "no defective rows"
        : $"{Total} {(Total == 1 ? "row" : "rows")} left out ({string.Join(", ", Counts.Select(pair => $"{pair.Key} {pair.Value}"))})";
}
