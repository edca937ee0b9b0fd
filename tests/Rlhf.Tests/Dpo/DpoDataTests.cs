using Rlhf.Dpo;
using Rlhf.Foundation;
using Rlhf.Policies.Tokenization;
using Rlhf.Tests.Ppo;

namespace Rlhf.Tests.Dpo;

public sealed class DpoDataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TinyWorld _world = new();

    public void Dispose()
    {
        _folder.Dispose();
        _world.Dispose();
    }

    private TextTokenizer Tokenizer => _world.Tokenizer;

    [Fact]
    public void Load_KtoWithSingleReplies_TakesThemAndCountsWhatIsNone()
    {
        var data = Load(DpoObjective.Kto, """
            {"prompt":"p","completion":" a","label":true}
            {"prompt":"q","completion":" b","label":0}
            {"prompt":"r","completion":" c","label":0.5}
            {"prompt":"s","completion":" ","label":true}
            """);
        Assert.Equal(2, data.Train.Count);
        Assert.Equal("2 rows left out (wrong_type 1, empty_reply 1)", data.Defects.ToString());
        Assert.Null(data.Warning);
    }

    [Fact]
    public void Load_KtoWithPairs_MakesTwoRepliesOfEach()
    {
        var data = Load(DpoObjective.Kto, """
            {"prompt":"p","chosen":" a","rejected":" b"}
            {"prompt":"q","chosen":" c","rejected":" d"}
            """);
        Assert.Equal(4, data.Train.Count);
    }

    [Theory]
    [InlineData(9, 1, "9 desirable and 1 undesirable replies weigh 9 to 1: the rarer kind is learnt too little; try dpo.undesirable_weight=9")]
    [InlineData(1, 4, "1 desirable and 4 undesirable replies weigh 0.25 to 1: the rarer kind is learnt too little; try dpo.desirable_weight=4")]
    [InlineData(3, 0, "all 3 replies of dpo.data are desirable")]
    public void Load_KtoWithTooManyOfOneKind_SaysWhichWeightHelps(int good, int bad, string words)
    {
        var rows = Enumerable.Range(0, good + bad).Select(i => $$"""{"prompt":"p{{i}}","completion":" a","label":{{(i < good ? "true" : "false")}}}""");
        Assert.Contains(words, Load(DpoObjective.Kto, string.Join('\n', rows)).Warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SigmoidWithSingleReplies_NamesTheColumnThatIsMissing()
    {
        var error = Assert.Throws<RlhfException>(() => Load(DpoObjective.Sigmoid, """{"prompt":"p","completion":" a","label":true}"""));
        Assert.Contains("no column 'chosen', which preference pairs need", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Beside_TwoRepliesOfOnePrompt_TakesTheNextReplyToAnother()
    {
        var cutter = new Rewards.Training.ReplyTokenizer(Tokenizer, 12, Rewards.Training.OverLong.Truncate);
        var rated = new[] { ("pp", " a"), ("pp", " bb"), ("q", " ccc") }
            .Select((row, i) => cutter.Tokenize(new(row.Item1, row.Item2, i == 0, i), out _)!).ToArray();
        var beside = new ForeignReplies(12).Beside(rated);
        Assert.Equal(["pp a", "pp bb", "q ccc"], beside.Select(one => Tokenizer.Decode(one.Own.Tokens)));
        Assert.Equal(["pp ccc", "pp ccc", "q a"], beside.Select(one => Tokenizer.Decode(one.Foreign.Tokens)));
        Assert.Equal([5, 5, 3], beside.Select(one => one.Foreign.Reply));   // with the end of text
        Assert.Equal([true, false, false], beside.Select(one => one.IsDesirable));
    }

    private DpoData Load(DpoObjective objective, string rows)
    {
        var path = Path.Combine(_folder.Path, "rows.jsonl");
        File.WriteAllText(path, rows);
        return DpoData.Load(new DpoRecipe { Objective = objective, Data = path, EvalShare = 0, MaxLength = 12 }, Tokenizer);
    }
}
