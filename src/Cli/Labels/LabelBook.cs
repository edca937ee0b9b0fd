using Rlhf.Foundation;

namespace Rlhf.Cli.Labels;

/// <summary>The labels that stand: answers as they came, without those that were taken back. Not safe for several threads.</summary>
internal sealed class LabelBook
{
    private readonly HashSet<string> _ids = [];
    private readonly OrderedDictionary<string, LabelEntry> _standing = [];
    private readonly Dictionary<(string Annotator, string Pair), LabelEntry> _byPair = [];
    private readonly Dictionary<string, List<LabelEntry>> _byAnnotator = [];
    private readonly Dictionary<string, int> _answers = [];

    public static LabelBook Of(IEnumerable<LabelEntry> entries)
    {
        var book = new LabelBook();
        foreach (var entry in entries) book.Add(entry);
        return book;
    }

    /// <summary>In the order they were given.</summary>
    public IEnumerable<LabelEntry> Standing => _standing.Values;

    public int Count => _standing.Count;

    /// <summary>Pairs that somebody answered with something other than a skip.</summary>
    public int PairsAnswered => _answers.Count;

    public bool Knows(string id) => _ids.Contains(id);

    public LabelEntry? Of(string annotator, string pair) => _byPair.GetValueOrDefault((annotator, pair));

    public bool IsAnswered(string pair) => _answers.ContainsKey(pair);

    public IReadOnlyList<LabelEntry> By(string annotator) => _byAnnotator.TryGetValue(annotator, out var labels) ? labels : [];

    public void Add(LabelEntry entry)
    {
        if (!_ids.Add(entry.Id)) throw new RlhfException($"the label {entry.Id} is there twice");
        if (entry.Undo is { } undone)
        {
            if (_standing.Remove(undone, out var label)) Forget(label);
            return;
        }

        if (entry is not { Pair: { } pair, Answer: { } answer }) throw new RlhfException($"the label {entry.Id} names no pair and no answer");
        _standing.Add(entry.Id, entry);
        _byPair[(entry.Annotator, pair)] = entry;
        if (!_byAnnotator.TryGetValue(entry.Annotator, out var own)) _byAnnotator[entry.Annotator] = own = [];
        own.Add(entry);
        if (answer != Answer.Skip) _answers[pair] = _answers.GetValueOrDefault(pair) + 1;
    }

    private void Forget(LabelEntry label)
    {
        _byPair.Remove((label.Annotator, label.Pair!));
        _byAnnotator[label.Annotator].Remove(label);
        if (label.Answer == Answer.Skip) return;
        if (--_answers[label.Pair!] == 0) _answers.Remove(label.Pair!);
    }
}
