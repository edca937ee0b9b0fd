using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;
using Rlhf.Rewards.Scorers;
using Rlhf.Rewards.World;

namespace Rlhf.Rewards.Tests.Scorers;

public class RuleScorerTests
{
    [Theory]
    [InlineData("one two three", 1)]            // inside 2 … 4
    [InlineData("one", 0.75)]                   // one word short of it, slack 4
    [InlineData("", 0.5)]
    [InlineData("a b c d e f", 0.5)]
    [InlineData("a b c d e f g h i j", 0)]      // six beyond: never below 0
    public void Length_Words_FallsLinearlyOutsideTheWindow(string response, double expected) =>
        Assert.Equal(expected, Score(new LengthScorer(new LengthRule { Least = 2, Most = 4, Slack = 4 }), response), 1e-12);

    [Fact]
    public void Length_OtherUnits_CountTokensOrCharacters()
    {
        var item = new ScoredText("", "abcdef", [], [1, 2, 3]);
        Assert.Equal([1], new LengthScorer(new LengthRule { Least = 3, Most = 3, Slack = 1, Unit = LengthIn.Tokens }).Score([item]));
        Assert.Equal([1], new LengthScorer(new LengthRule { Least = 6, Most = 6, Slack = 1, Unit = LengthIn.Characters }).Score([item]));
    }

    [Theory]
    [InlineData(1, "a b a b", -0.5)]
    [InlineData(2, "a b a b", -1.0 / 3)]        // ab, ba, ab
    [InlineData(2, "The dog. the DOG", -1.0 / 3)]
    [InlineData(2, "one", 0)]
    public void Repetition_NGrams_IsMinusTheShareSaidBefore(int size, string response, double expected) =>
        Assert.Equal(expected, Score(new RepetitionScorer(new RepetitionRule { Size = size }), response), 1e-12);

    [Fact]
    public void Regex_FoundOrNot_IsOneOrZero()
    {
        var scorer = new RegexScorer(new RegexRule { Pattern = "[.!?]$" });
        Assert.Equal((1.0, 0.0), (Score(scorer, "Done."), Score(scorer, "Not done")));
    }

    [Fact]
    public void Regex_CatastrophicPattern_IsAnErrorAndNoHang()
    {
        var scorer = new RegexScorer(new RegexRule { Pattern = "^(a+)+$" });
        Assert.Contains("takes more than", Assert.Throws<RlhfException>(() => Score(scorer, new string('a', 40) + "!")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_GoodAndBad_IsTheDifferenceOfTheirShares() =>
        Assert.Equal((2 - 1) / 5.0, Score(new WordsScorer(new WordsRule { Good = ["Happy", "fun"], Bad = ["sad"] }), "happy FUN sad dog cat"), 1e-12);

    [Fact]
    public void Weighted_TwoScorers_IsTheSum()
    {
        var scorer = new WeightedScorer([new(new Fixed("a", 2), 0.5), new(new Fixed("b", 3), -1)]);
        Assert.Equal([-2, -2], scorer.Score([Item("x"), Item("y")]));
        Assert.Equal("a+b", scorer.Name);
    }

    [Fact]
    public void Weighted_ScoreThatIsNoNumber_NamesTheScorer() =>
        Assert.Contains("'broken'", Assert.Throws<RlhfException>(() => new WeightedScorer([new(new Fixed("broken", double.PositiveInfinity), 1)]).Score([Item("x")])).Message, StringComparison.Ordinal);

    [Fact]
    public void World_Response_IsItsGoldScore()
    {
        const string prompt = "How was the red kite at the park?", response = " The kite was lovely.";
        Assert.Equal([GoldScore.Score(prompt, response)], new WorldScorer().Score([new ScoredText(prompt, response, [], [])]));
    }

    [Theory]
    [InlineData("length: {least: 5, most: 4}", "score.length.most")]
    [InlineData("regex: {pattern: '('}", "score.regex.pattern")]
    [InlineData("words: {}", "score.words.good")]
    [InlineData("command: {}", "score.command.run")]
    [InlineData("reward_model: {}", "score.reward_model.path")]
    public void Bind_RuleThatCannotWork_NamesTheKey(string yaml, string key) =>
        Assert.Contains(key, Assert.Throws<RlhfException>(() => RecipeBinder.Bind<Holder>($"score: {{{yaml}}}", "recipe.yaml")).Message, StringComparison.Ordinal);

    [Fact]
    public void Bind_SourcesThatAreNotNamed_AreAbsent()
    {
        var options = RecipeBinder.Bind<Holder>("score: {length: {weight: 2}, words: {good: [fun]}}", "recipe.yaml").Score;
        Assert.Equal((2.0, 1.0), (options.Length!.Weight, options.Words!.Weight));
        Assert.Null(options.RewardModel);
        Assert.Null(options.World);
    }

    private static ScoredText Item(string response) => new("", response, [], []);

    private static double Score(IScorer scorer, string response) => scorer.Score([Item(response)])[0];

    public sealed record Holder
    {
        public ScoreOptions Score { get; init; } = new();
    }

    private sealed class Fixed(string name, double score) : IScorer
    {
        public string Name => name;

        public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select(_ => score)];
    }
}
