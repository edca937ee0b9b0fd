using Rlhf.Cli.Labels;

namespace Rlhf.Cli.Tests.Labels;

/// <summary>Pairs and labels for tests.</summary>
internal static class Made
{
    public static CandidatePair[] Pairs(int count) => [.. Enumerable.Range(0, count).Select(i => new CandidatePair($"How was day {i}?", $" It was {i} good.", $" It was {i} bad."))];

    public static LabelEntry Label(string annotator, CandidatePair pair, Answer answer, Side left = Side.First, double? seconds = null) => new()
    {
        Id = $"{annotator}-{pair.Id}", Annotator = annotator, Time = DateTimeOffset.UnixEpoch, Pair = pair.Id, Answer = answer, Left = left, Seconds = seconds,
        Prompt = pair.Prompt, First = pair.First, Second = pair.Second,
    };

    public static GivenAnswer Given(string id, string annotator, string pair, ShownAnswer answer = ShownAnswer.Left) => new(id, annotator, pair, answer);
}

/// <summary>A clock that stands still until it is moved.</summary>
internal sealed class StoppedClock : TimeProvider
{
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public void Move(TimeSpan by) => _now += by;

    public override DateTimeOffset GetUtcNow() => _now;
}
