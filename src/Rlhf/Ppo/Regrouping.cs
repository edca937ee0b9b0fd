using Rlhf.Maths;

namespace Rlhf.Ppo;

/// <summary>
/// Dynamic sampling (DAPO, Yu et al. 2025, arXiv:2503.14476, section 3.2): a group whose episodes all score the same has no
/// advantages and so no gradient. Such groups are drawn anew from other prompts, until none is left or the rounds are used up;
/// then those that are left stay.
/// </summary>
/// <param name="groupSize">episodes of a prompt</param>
/// <param name="rounds">at most so often</param>
internal sealed class Regrouping(int groupSize, int rounds)
{
    /// <summary>Groups that were given up.</summary>
    public int Redrawn { get; private set; }

    /// <param name="first">the groups of the step</param>
    /// <param name="draw">so many new groups, in a round that counts from 1</param>
    public RolloutShare Fill(RolloutShare first, Func<int, int, RolloutShare> draw)
    {
        var (lively, flat) = Parted(first);
        if (flat.Length == 0 || rounds == 0) return first;
        var wanted = lively.Length + flat.Length;
        var kept = lively.Length > 0 ? first.Take(Episodes(lively)) : null;
        for (var round = 1; round <= rounds && Count(kept) < wanted; round++)
        {
            var missing = wanted - Count(kept);
            var fresh = draw(round, missing);
            Redrawn += missing;
            var (useful, _) = Parted(fresh);
            if (useful.Length == 0) continue;
            var found = fresh.Take(Episodes(useful));
            kept = kept?.And(found) ?? found;
        }

        var rest = wanted - Count(kept);
        if (rest == 0) return kept!;
        var left = first.Take(Episodes(flat[..rest]));
        return kept?.And(left) ?? left;
    }

    private int Count(RolloutShare? share) => (share?.Episodes.Count ?? 0) / groupSize;

    private (int[] Lively, int[] Flat) Parted(RolloutShare share)
    {
        var flat = GroupAdvantages.Flat(share.RawScores, groupSize);
        var groups = Enumerable.Range(0, flat.Length).ToLookup(group => flat[group]);
        return ([.. groups[false]], [.. groups[true]]);
    }

    private int[] Episodes(int[] groups) => [.. groups.SelectMany(group => Enumerable.Range(group * groupSize, groupSize))];
}
