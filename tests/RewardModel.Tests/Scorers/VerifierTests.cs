using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;
using Rlhf.Rewards.Scorers;

namespace Rlhf.Rewards.Tests.Scorers;

public sealed class VerifierTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("so it is 12", "12", 1)]
    [InlineData("so it is 12.0", "12", 1)]
    [InlineData("so it is 13", "12", 0)]
    [InlineData("no idea", "12", 0)]
    [InlineData("12", "long division #### 12", 1)]
    public void Number_LastNumberOfBoth_IsCompared(string response, string answer, double expected) =>
        Assert.Equal([expected], new NumberScorer(new NumberRule()).Score([Text(response, answer)]));

    [Fact]
    public void Number_Tolerance_IsAShareOfTheRightOne()
    {
        var scorer = new NumberScorer(new NumberRule { Tolerance = 0.01 });
        Assert.Equal([1.0, 0.0], scorer.Score([Text("100.9", "100"), Text("101.1", "100")]));
    }

    [Fact]
    public void Number_ColumnWithoutANumber_NamesTheRow()
    {
        var error = Assert.Throws<RlhfException>(() => new NumberScorer(new NumberRule()).Score([Text("1", "none")]));
        Assert.Equal("number.column: 'answer' of the prompt 'how many?' holds 'none'; expected a number, or a text that ends with one", error.Message);
    }

    [Fact]
    public void Number_NoSuchColumn_SaysWhatIsMissing()
    {
        var error = Assert.Throws<RlhfException>(() => new NumberScorer(new NumberRule { Column = "solution" }).Score([Text("1", "1")]));
        Assert.Contains("comes without the column 'solution'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Likeness.Exact, " Paris ", 1)]
    [InlineData(Likeness.Exact, "paris", 0)]
    [InlineData(Likeness.Normalized, "The  paris!", 1)]
    [InlineData(Likeness.Normalized, "Rome", 0)]
    public void Match_AgainstTheColumn_ByItsMode(Likeness mode, string response, double expected) =>
        Assert.Equal([expected], new MatchScorer(new MatchRule { Mode = mode }).Score([Text(response, "Paris")]));

    [Theory]
    [InlineData("answer: B", 1)]
    [InlineData("answer: A, no, answer: B", 1)]
    [InlineData("answer: B, no, answer: A", 0)]
    [InlineData("B", 0)]
    public void Regex_GroupOfTheLastMatch_IsComparedWithTheColumn(string response, double expected)
    {
        var rule = RecipeBinder.Bind<RegexRule>("{pattern: 'answer: (?<letter>[A-D])', group: letter, column: answer}", "r.yaml");
        Assert.Equal([expected], new RegexScorer(rule).Score([Text(response, "B")]));
    }

    [Fact]
    public void Regex_GroupThatIsNotThere_IsRefusedWithThoseThatAre()
    {
        var error = Assert.Throws<RlhfException>(() => RecipeBinder.Bind<RegexRule>("{pattern: '(a)(?<b>b)', group: c}", "r.yaml"));
        Assert.Contains("found 'c'; the pattern has the groups 0, 1, b", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"name":"x","age":3}""", 1)]
    [InlineData("Here it is:\n```json\n{\"name\":\"x\",\"age\":3}\n```\nDone.", 1)]
    [InlineData("""{"name":"x"}""", 0)]
    [InlineData("""{"name":"x","age":3""", 0)]
    [InlineData("```\n{\"name\":\"x\",\"age\":3}```", 1)]
    [InlineData("```text\n{\"name\":\"x\",\"age\":3}```", 0)]
    [InlineData("a text", 0)]
    public void Json_WithASchema_HasToFitIt(string response, double expected)
    {
        _folder.With("schema.json", """{"type":"object","required":["name","age"],"properties":{"age":{"type":"integer"}}}""");
        Assert.Equal([expected], new JsonScorer(new JsonRule { Schema = _folder.At("schema.json") }).Score([Text(response, "")]));
    }

    [Fact]
    public void Json_WithoutASchema_HasToBeJson() =>
        Assert.Equal([1.0, 0.0], new JsonScorer(new JsonRule()).Score([Text("[1, 2]", ""), Text("[1, 2", "")]));

    /// <summary>Half a surrogate pair is JSON, and no text.</summary>
    [Theory]
    [InlineData("{\"name\": \"\\ud800\"}")]
    [InlineData("{\"\\ud800\": 1}")]
    public void Json_TextThatIsNoUnicode_IsWrongAndEndsNothing(string response)
    {
        File.WriteAllText(_folder.At("half.json"), """{"type": "object", "properties": {"name": {"type": "string", "minLength": 1}}, "additionalProperties": false}""");
        Assert.Equal([0.0], new JsonScorer(new JsonRule { Schema = _folder.At("half.json") }).Score([Text(response, "")]));
    }

    private static ScoredText Text(string response, string answer) =>
        new("how many?", response, [], []) { Facts = new Dictionary<string, string> { ["answer"] = answer } };
}
