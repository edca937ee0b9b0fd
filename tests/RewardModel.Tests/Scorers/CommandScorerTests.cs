using System.Diagnostics;
using Rlhf.Foundation;
using Rlhf.Rewards.Scorers;

namespace Rlhf.Rewards.Tests.Scorers;

public class CommandScorerTests
{
    private static readonly ScoredText[] Items = [.. Enumerable.Range(1, 5).Select(i => new ScoredText("p", new string('x', i), [], []))];

    [Fact]
    public void Score_ProgramThatCountsBytes_GetsPromptAndResponseAsJsonLines()
    {
        // {"prompt":"p","response":"x"} has 29 bytes; each further x adds one.
        Assert.Equal([29, 30, 31, 32, 33], Shell("while read -r line; do echo ${#line}; done").Score(Items));
    }

    [Fact]
    public void Score_ObjectsAndBatches_AreReadInOrder()
    {
        var scorer = new CommandScorer(new CommandSource { Run = ["sh", "-c", "while read -r line; do echo \"{\\\"score\\\": ${#line}}\"; done"], BatchSize = 2 });
        Assert.Equal([29, 30, 31, 32, 33], scorer.Score(Items));
    }

    [Fact]
    public void Score_OneCallForEachBatch_IsMade()
    {
        // Each call answers with the number of lines it was given.
        var scorer = new CommandScorer(new CommandSource { Run = ["sh", "-c", "n=$(wc -l); for i in $(seq $n); do echo $n; done"], BatchSize = 2 });
        Assert.Equal([2, 2, 2, 2, 1], scorer.Score(Items));
    }

    [Fact]
    public void Score_ProgramThatHangs_IsEndedWithItsChildrenWithinTheTimeout()
    {
        var clock = Stopwatch.StartNew();
        var scorer = new CommandScorer(new CommandSource { Run = ["sh", "-c", "sleep 60 & wait"], Timeout = 0.3 });
        Assert.Contains("within 0.3 s", Assert.Throws<RlhfException>(() => scorer.Score(Items)).Message, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{clock.Elapsed}");
    }

    [Theory]
    [InlineData("echo wrong >&2; exit 3", "ended with code 3; its stderr ends: wrong")]
    [InlineData("cat >/dev/null; echo 1; echo 2", "wrote 2 scores for 5 responses and said nothing on stderr")]
    [InlineData("cat >/dev/null; for i in 1 2 3 4; do echo 1; done; echo good", "line 5 of its output is 'good'")]
    [InlineData("cat >/dev/null; for i in 1 2 3 4 5; do echo '{\"value\": 1}'; done", "line 1 of its output is '{\"value\": 1}'")]
    [InlineData("cat >/dev/null; for i in 1 2 3 4 5; do echo 1e999; done", "line 1 of its output is '1e999'")]
    public void Score_ProgramThatFails_SaysHow(string script, string expected) =>
        Assert.Contains(expected, Assert.Throws<RlhfException>(() => Shell(script).Score(Items)).Message, StringComparison.Ordinal);

    [Fact]
    public void Score_ProgramThatIsNotThere_SaysSo() =>
        Assert.Contains("cannot be started", Assert.Throws<RlhfException>(() => new CommandScorer(new CommandSource { Run = ["/no/such/program"] }).Score(Items)).Message, StringComparison.Ordinal);

    [Fact]
    public void Score_ProgramThatEndsWithoutReading_IsJudgedByItsAnswer() =>
        Assert.Equal([1, 1, 1, 1, 1], Shell("for i in 1 2 3 4 5; do echo 1; done").Score([.. Items.Select(item => item with { Response = new string('x', 200_000) })]));

    [Fact]
    public void Score_LongTextsBothWays_DoNotBlock() =>
        Assert.Equal(5, Shell("while read -r line; do printf '%200000s1\\n' ''; done").Score([.. Items.Select(item => item with { Response = new string('x', 200_000) })]).Length);

    [Fact]
    public void Score_ProgramThatTakesMoreMemoryThanAllowed_FailsAndSaysTheLimit()
    {
        const string hungry = "cat >/dev/null; x=$(head -c 300000000 /dev/zero | tr '\\0' a); for i in 1 2 3 4 5; do echo 1; done";
        var message = Assert.Throws<RlhfException>(() => new CommandScorer(new CommandSource { Run = ["sh", "-c", hungry], MemoryMb = 100 }).Score(Items)).Message;
        Assert.Contains("command.memory_mb allows it 100 MB", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Score_ProgramWithinItsMemory_IsStartedWithItsOwnArguments() =>
        Assert.Equal([7, 7, 7, 7, 7], new CommandScorer(new CommandSource { Run = ["sh", "-c", "cat >/dev/null; for i in 1 2 3 4 5; do echo $1; done", "sh", "7"], MemoryMb = 500 }).Score(Items));

    [Fact]
    public void Score_ProgramThatNeverStopsWriting_IsEndedAtItsLimit()
    {
        var clock = Stopwatch.StartNew();
        var scorer = new CommandScorer(new CommandSource { Run = ["sh", "-c", "yes 1"], OutputMb = 1 });
        Assert.Contains("wrote more than 1 MB for 5 responses and was ended", Assert.Throws<RlhfException>(() => scorer.Score(Items)).Message, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{clock.Elapsed}");
    }

    [Fact]
    public void Score_ColumnsThatAreAskedFor_AreHandedOver()
    {
        var scorer = new CommandScorer(new CommandSource { Run = ["sh", "-c", "while read -r line; do case $line in *'\"columns\":{\"answer\":\"12\"}'*) echo 1;; *) echo 0;; esac; done"], Columns = ["answer"] });
        ScoredText With(string answer) => new("p", "r", [], []) { Facts = new Dictionary<string, string> { ["answer"] = answer, ["other"] = "x" } };
        Assert.Equal([1, 0], scorer.Score([With("12"), With("13")]));
    }

    private static CommandScorer Shell(string script) => new(new CommandSource { Run = ["sh", "-c", script], Timeout = 30 });
}
