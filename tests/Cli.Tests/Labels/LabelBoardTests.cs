using Rlhf.Cli.Labels;
using Rlhf.Foundation;

namespace Rlhf.Cli.Tests.Labels;

public sealed class LabelBoardTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StoppedClock _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Next_UntilItIsAnswered_IsTheSame_AndAnotherForAnotherAnnotator()
    {
        using var board = Board(Made.Pairs(3), overlap: 0);

        var first = board.Next("ann")!.Pair.Id;

        Assert.Equal(first, board.Next("ann")!.Pair.Id);
        Assert.NotEqual(first, board.Next("bob")!.Pair.Id);
        board.Take(Made.Given("1", "ann", first));
        Assert.NotEqual(first, board.Next("ann")!.Pair.Id);
    }

    [Fact]
    public void Next_PairThatSomebodyLeftStanding_IsOfferedToOthersAfterHalfAnHour()
    {
        using var board = Board(Made.Pairs(1), overlap: 0);
        Assert.NotNull(board.Next("ann"));
        Assert.Null(board.Next("bob"));

        _clock.Move(TimeSpan.FromMinutes(31));

        Assert.NotNull(board.Next("bob"));
    }

    [Fact]
    public void Next_Overlap_GoesToEverybodyAndTheRestToOne()
    {
        var pairs = Made.Pairs(200);
        using var board = Board(pairs, overlap: 0.25);
        string[] names = ["ann", "bob", "eve"];
        for (var left = names.Length; left > 0;)
        {
            left = 0;
            foreach (var name in names)
            {
                if (board.Next(name) is not { } shown) continue;
                board.Take(Made.Given(Guid.NewGuid().ToString(), name, shown.Pair.Id));
                left++;
            }
        }

        var times = board.Standing().GroupBy(label => label.Pair).Select(one => one.Count()).ToArray();
        Assert.Equal(200, times.Length);
        Assert.All(times, count => Assert.True(count is 1 or 3));
        Assert.InRange(times.Count(count => count == 3), 35, 65);
    }

    [Fact]
    public void Take_TheSameIdAgain_IsKeptOnce()
    {
        using var board = Board(Made.Pairs(2));
        var given = Made.Given("same", "ann", board.Next("ann")!.Pair.Id);

        board.Take(given);
        board.Take(given);

        Assert.Single(board.Standing());
        Assert.Single(LabelFile.Read(_folder.At("labels.jsonl")));
    }

    [Fact]
    public void Take_PairAnsweredAlreadyOrUnknown_IsRefused()
    {
        using var board = Board(Made.Pairs(2));
        var pair = board.Next("ann")!.Pair.Id;
        board.Take(Made.Given("1", "ann", pair));

        Assert.Contains("has answered this pair already", Assert.Throws<RlhfException>(() => board.Take(Made.Given("2", "ann", pair))).Message, StringComparison.Ordinal);
        Assert.Contains("there is no pair", Assert.Throws<RlhfException>(() => board.Take(Made.Given("3", "ann", "nowhere"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Take_LeftAndRight_AreTheSidesThatWereShown()
    {
        var pairs = Made.Pairs(40);
        using var board = Board(pairs);
        for (var i = 0; board.Next("ann") is { } shown; i++)
        {
            board.Take(Made.Given($"{i}", "ann", shown.Pair.Id, i % 2 == 0 ? ShownAnswer.Left : ShownAnswer.Right));
            var label = board.Standing()[^1];
            Assert.Equal(i % 2 == 0 ? shown.Left : shown.Right, label.Answer == Answer.First ? Side.First : Side.Second);
            Assert.Equal(shown.Left, label.Left);
        }
    }

    [Fact]
    public void LeftOf_ManyPairs_IsHalfAndHalfAndOfEachAnnotatorHisOwn()
    {
        var pairs = Made.Pairs(1000);
        bool[] ann = [.. pairs.Select(pair => LabelBoard.LeftOf("ann", pair) == Side.First)], bob = [.. pairs.Select(pair => LabelBoard.LeftOf("bob", pair) == Side.First)];
        Assert.InRange(ann.Count(first => first), 440, 560);
        Assert.InRange(ann.Zip(bob).Count(both => both.First == both.Second), 440, 560);
    }

    [Fact]
    public void Undo_TakesTheLastBackAndShowsItsPairAgain_AlsoAfterOpeningAgain()
    {
        var pairs = Made.Pairs(3);
        string first, second;
        using (var board = Board(pairs))
        {
            first = board.Next("ann")!.Pair.Id;
            board.Take(Made.Given("1", "ann", first));
            second = board.Next("ann")!.Pair.Id;
            board.Take(Made.Given("2", "ann", second));

            Assert.True(board.Undo("3", "ann"));
            Assert.True(board.Undo("3", "ann"));
            Assert.Equal(second, board.Next("ann")!.Pair.Id);
            Assert.Equal([first], board.Standing().Select(label => label.Pair));
            Assert.False(board.Undo("4", "bob"));
        }

        using var again = Board(pairs);
        Assert.Equal([first], again.Standing().Select(label => label.Pair));
        again.Take(Made.Given("5", "ann", second, ShownAnswer.Tie));
        Assert.Equal([Answer.Tie], again.Standing().Where(label => label.Pair == second).Select(label => label.Answer!.Value));
    }

    [Fact]
    public void Progress_CountsOwnAnswersAndTheirPace()
    {
        using var board = Board(Made.Pairs(5), overlap: 0);
        for (var i = 0; i < 3; i++)
        {
            board.Take(Made.Given($"{i}", "ann", board.Next("ann")!.Pair.Id, i == 0 ? ShownAnswer.Skip : ShownAnswer.Left));
            _clock.Move(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(new LabelProgress(3, 2, 2, 5, 60), board.Progress("ann"));
        // What another skipped is still to be answered.
        Assert.Equal(new LabelProgress(0, 3, 2, 5, null), board.Progress("bob"));
    }

    private LabelBoard Board(IReadOnlyList<CandidatePair> pairs, double overlap = 0.1) => new(LabelFile.Open(_folder.At("labels.jsonl"), _ => { }), pairs, overlap, _clock);
}
