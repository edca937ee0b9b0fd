
namespace Rlhf.Policies.Sft;

/// <summary>
/// Joins documents into rows of at most so many tokens, so that next to nothing of a batch is padding. Documents stay
/// whole; from the longest down, each goes into the row where it leaves the least room. Attention reaches from a document
/// into those before it in its row. The loss counts what it counts unpacked: the first token of a document not.
/// </summary>
internal static class Packing
{
    public static IReadOnlyList<SftExample> Pack(IReadOnlyList<SftExample> documents, int maxLength)
    {
        var rows = new List<List<SftExample>>();
        var rooms = new SortedSet<(int Room, int Row)>();
        foreach (var document in documents.OrderByDescending(document => document.Tokens.Length))
        {
            var fitting = rooms.GetViewBetween((document.Tokens.Length, 0), (maxLength, int.MaxValue));
            var (room, row) = fitting.Count > 0 ? fitting.Min : (maxLength, rows.Count);
            if (row == rows.Count) rows.Add([]);
            else rooms.Remove((room, row));
            rows[row].Add(document);
            rooms.Add((room - document.Tokens.Length, row));
        }

        return [.. rows.Select(Joined)];
    }

    private static SftExample Joined(List<SftExample> documents) => new(
        [.. documents.SelectMany(document => document.Tokens)],
        [.. documents.SelectMany(document => document.Counted.Select((counted, i) => counted && i > 0))]);
}
