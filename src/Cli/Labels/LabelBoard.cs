using Rlhf.Foundation;
using Rlhf.Rewards.Preferences;

namespace Rlhf.Cli.Labels;

/// <summary>A pair as one annotator is shown it.</summary>
internal sealed record Assignment(CandidatePair Pair, Side Left)
{
    public Side Right => Left == Side.First ? Side.Second : Side.First;
}

/// <summary>An answer as it arrives: in terms of what was shown.</summary>
internal sealed record GivenAnswer(string Id, string Annotator, string Pair, ShownAnswer Answer)
{
    public int? Strength { get; init; }

    public string? Note { get; init; }

    public double? Seconds { get; init; }
}

internal enum ShownAnswer
{
    Left,
    Right,
    Tie,
    Skip,
}

/// <summary>How far an annotator, and all together, have come.</summary>
/// <param name="Own">Answers of this annotator, skips among them.</param>
/// <param name="Left">Pairs that this annotator may still be shown.</param>
/// <param name="Answered">Pairs that anybody has answered.</param>
/// <param name="PerHour">Of this annotator's last answers; null before the second.</param>
internal sealed record LabelProgress(int Own, int Left, int Answered, int Pairs, double? PerHour);

/// <summary>
/// Hands pairs to annotators and takes their answers. Pairs of the overlap go to everybody, the others to one each; a
/// pair stays with the annotator who sees it until it is answered or forgotten about. Safe for several threads.
/// </summary>
/// <param name="overlap">The share of pairs that every annotator is shown.</param>
internal sealed class LabelBoard(LabelFile file, IReadOnlyList<CandidatePair> pairs, double overlap, TimeProvider clock) : IDisposable
{
    private const int PaceOf = 20;

    private static readonly TimeSpan s_forgotten = TimeSpan.FromMinutes(30);

    private readonly Lock _gate = new();
    private readonly LabelBook _book = LabelBook.Of(file.Entries);
    private readonly Dictionary<string, CandidatePair> _pairs = pairs.ToDictionary(pair => pair.Id);
    private readonly Dictionary<string, (string Pair, DateTimeOffset Since)> _showing = [];

    public int Pairs => pairs.Count;

    /// <summary>The same for the same annotator and pair, and left as often as right.</summary>
    public static Side LeftOf(string annotator, CandidatePair pair) => PromptSplit.IsHeldOut($"{annotator}\n{pair.Id}", 0.5) ? Side.First : Side.Second;

    public LabelEntry[] Standing()
    {
        lock (_gate) return [.. _book.Standing];
    }

    /// <summary>Pairs of which nobody has said anything, a skip included.</summary>
    public CandidatePair[] Unanswered()
    {
        lock (_gate)
        {
            var said = _book.Standing.Select(label => label.Pair).ToHashSet();
            return [.. pairs.Where(pair => !said.Contains(pair.Id))];
        }
    }

    /// <summary>The pair that an annotator is to answer; the same one until it is answered; null when there is none left.</summary>
    public Assignment? Next(string annotator)
    {
        lock (_gate)
        {
            if (Find(annotator) is not { } pair)
            {
                _showing.Remove(annotator);
                return null;
            }

            _showing[annotator] = (pair.Id, clock.GetUtcNow());
            return new Assignment(pair, LeftOf(annotator, pair));
        }
    }

    public LabelProgress Progress(string annotator)
    {
        lock (_gate)
        {
            var own = _book.By(annotator);
            return new LabelProgress(own.Count, pairs.Count(pair => IsFor(annotator, pair)), _book.PairsAnswered, pairs.Count, PerHour(own));
        }
    }

    /// <summary>Keeps an answer; when it returns the answer is on disk. One that is there already is not kept twice.</summary>
    public void Take(GivenAnswer given)
    {
        lock (_gate)
        {
            if (_book.Knows(given.Id)) return;
            if (!_pairs.TryGetValue(given.Pair, out var pair)) throw new RlhfException($"there is no pair {given.Pair}; load the page again");
            if (_book.Of(given.Annotator, pair.Id) is not null) throw new RlhfException($"{given.Annotator} has answered this pair already; load the page again");
            var left = LeftOf(given.Annotator, pair);
            Keep(Entry(given, pair, left));
            _showing.Remove(given.Annotator);
        }
    }

    /// <summary>Keeps what somebody says of a pair without having been shown it here.</summary>
    public void Prefer(string id, string annotator, CandidatePair pair, Answer answer)
    {
        lock (_gate)
        {
            if (_book.Knows(id)) return;
            Keep(new LabelEntry { Id = id, Annotator = annotator, Time = clock.GetUtcNow(), Pair = pair.Id, Answer = answer, Left = Side.First, Prompt = pair.Prompt, First = pair.First, Second = pair.Second });
        }
    }

    /// <summary>Takes an annotator's last answer back, and shows its pair again; false where there is none.</summary>
    public bool Undo(string id, string annotator)
    {
        lock (_gate)
        {
            if (_book.Knows(id)) return true;
            if (_book.By(annotator) is not [.., var last]) return false;
            Keep(new LabelEntry { Id = id, Annotator = annotator, Time = clock.GetUtcNow(), Undo = last.Id });
            if (_pairs.ContainsKey(last.Pair!)) _showing[annotator] = (last.Pair!, clock.GetUtcNow());
            return true;
        }
    }

    public void Dispose() => file.Dispose();

    private void Keep(LabelEntry entry)
    {
        file.Append(entry);
        _book.Add(entry);
    }

    private LabelEntry Entry(GivenAnswer given, CandidatePair pair, Side left) => new()
    {
        Id = given.Id,
        Annotator = given.Annotator,
        Time = clock.GetUtcNow(),
        Pair = pair.Id,
        Answer = (given.Answer, left) switch
        {
            (ShownAnswer.Tie, _) => Answer.Tie,
            (ShownAnswer.Skip, _) => Answer.Skip,
            (ShownAnswer.Left, Side.First) or (ShownAnswer.Right, Side.Second) => Answer.First,
            _ => Answer.Second,
        },
        Left = left,
        Strength = given.Answer is ShownAnswer.Left or ShownAnswer.Right ? given.Strength : null,
        Note = string.IsNullOrWhiteSpace(given.Note) ? null : given.Note,
        Seconds = given.Seconds,
        Prompt = pair.Prompt,
        First = pair.First,
        Second = pair.Second,
    };

    private CandidatePair? Find(string annotator)
    {
        if (_showing.TryGetValue(annotator, out var shown) && _pairs.TryGetValue(shown.Pair, out var pair) && IsFor(annotator, pair)) return pair;
        var taken = _showing.Where(one => one.Key != annotator && clock.GetUtcNow() - one.Value.Since < s_forgotten).Select(one => one.Value.Pair).ToHashSet();
        return pairs.FirstOrDefault(one => IsFor(annotator, one) && (IsShared(one) || !taken.Contains(one.Id)));
    }

    private bool IsFor(string annotator, CandidatePair pair) => _book.Of(annotator, pair.Id) is null && (IsShared(pair) || !_book.IsAnswered(pair.Id));

    private bool IsShared(CandidatePair pair) => PromptSplit.IsHeldOut(pair.Id, overlap);

    private static double? PerHour(IReadOnlyList<LabelEntry> own)
    {
        if (own.Count < 2) return null;
        var recent = own.Skip(own.Count - PaceOf).ToArray();
        var span = (recent[^1].Time - recent[0].Time).TotalHours;
        return span > 0 ? (recent.Length - 1) / span : null;
    }
}
