using System.Diagnostics;
using Rlhf.Foundation;
using Rlhf.Rewards.Judging;
using Rlhf.Rewards.Scorers;
using static Rlhf.TestSupport.StubServer;

namespace Rlhf.Rewards.Tests.Judging;

/// <summary>A judge whose server is well, slow, wrong, limited, or dying.</summary>
public sealed class JudgeTests : IDisposable
{
    private const string KeyVariable = "RLHF_TEST_JUDGE_KEY", Key = "sk-secret-0123456789";

    private readonly TemporaryFolder _folder = new();

    public JudgeTests() => Environment.SetEnvironmentVariable(KeyVariable, Key);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Score_ByRubric_IsTheRatingOnItsScaleAndAsksAsOpenAiDoes()
    {
        using var server = new StubServer(asked => Says(asked.User.Contains("good one") ? "10" : "Rating: 4"));
        using var judge = Judge(server, with => with with { Rubric = "Be kind." });
        Assert.Equal([1, 1.0 / 3], judge.Score([Text("good one"), Text("dull one")]));
        var request = server.Requests.First();
        Assert.StartsWith("POST /v1/chat/completions ", request.Head, StringComparison.Ordinal);
        Assert.Contains($"Authorization: Bearer {Key}", request.Head, StringComparison.Ordinal);
        Assert.Contains("Be kind.", request.Body, StringComparison.Ordinal);
        Assert.Contains("\"model\":\"judge-1\"", request.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("better", 1, 0)]        // better wherever it stands
    [InlineData("worse", 0, 0)]
    [InlineData("first", 0.5, 1)]       // a judge that takes whichever stands first
    [InlineData("tie", 0.5, 0)]
    public void Score_Pairwise_AsksInBothOrdersAndCountsContradictions(string habit, double expected, double contradictions)
    {
        using var server = new StubServer(asked => Says(habit switch
        {
            "first" => "A",
            "tie" => "T",
            _ => asked.User.Contains("<response_a>\nmine") == (habit == "better") ? "A" : "B",
        }));
        using var judge = Judge(server, with => with with { Against = "answer" });
        Assert.Equal([expected], judge.Score([Text("mine")]));
        Assert.Equal(2, server.Requests.Count);
        Assert.Equal(contradictions, judge.Measures["judge_contradictions"]);
    }

    [Fact]
    public void Score_SameTextsAgain_AreAskedOnceByThisRunAndTheNext()
    {
        using var server = new StubServer(_ => Says("7"));
        using (var judge = Judge(server))
        {
            judge.Score([Text("one"), Text("one"), Text("two")]);
            judge.Score([Text("two")]);
            Assert.Equal(2, server.Requests.Count);
        }

        using var next = Judge(server);
        Assert.Equal([6.0 / 9], next.Score([Text("one")]));
        Assert.Equal(2, server.Requests.Count);
        Assert.Equal(0, next.Measures["judge_requests"]);
    }

    [Fact]
    public void Score_OtherModelOrRubric_IsAskedAnew()
    {
        using var server = new StubServer(_ => Says("7"));
        using (var judge = Judge(server)) judge.Score([Text("one")]);
        using (var judge = Judge(server, with => with with { Rubric = "Other." })) judge.Score([Text("one")]);
        using (var judge = Judge(server, with => with with { Model = "judge-2" })) judge.Score([Text("one")]);
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public void Score_ManyQuestions_GoSoManyAtATimeAndCostWhatTheyCost()
    {
        using var server = new StubServer(_ => Says("7") with { Delay = 50 });
        using var judge = Judge(server, with => with with { Concurrency = 3, InputPrice = 2, OutputPrice = 10 });
        judge.Score([.. Enumerable.Range(0, 12).Select(i => Text($"r{i}"))]);
        Assert.InRange(server.MostAtATime, 2, 3);
        Assert.Equal(12 * 102, judge.Measures["judge_tokens"]);
        Assert.Equal(12 * (100 * 2 + 2 * 10) / 1e6, judge.Measures["judge_cost"], 1e-12);
    }

    [Fact]
    public void Score_ServerThatLimits_IsAskedAgainAfterWhatItAskedFor()
    {
        using var server = new StubServer(asked => asked.Number <= 2 ? new Reply(429, "slow down", "Retry-After: 1\r\n") : Says("10"));
        var clock = Stopwatch.StartNew();
        using var judge = Judge(server);
        Assert.Equal([1.0], judge.Score([Text("one")]));
        Assert.True(clock.Elapsed >= TimeSpan.FromSeconds(1.9), $"{clock.Elapsed}");
        Assert.Equal((3, 2), (judge.Measures["judge_requests"], judge.Measures["judge_retries"]));
    }

    [Theory]
    [InlineData(0, "")]                                     // hangs up
    [InlineData(503, "overloaded")]
    [InlineData(200, "<html>a gateway's page</html>")]
    [InlineData(200, """{"choices":[]}""")]
    [InlineData(200, """{"choices":[{"message":{"content":null}}]}""")]
    [InlineData(200, "[1]")]
    public void Score_ServerThatFailsOnce_IsAskedAgain(int status, string body)
    {
        using var server = new StubServer(asked => asked.Number == 1 ? new Reply(status, body) : Says("10"));
        using var judge = Judge(server);
        Assert.Equal([1.0], judge.Score([Text("one")]));
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public void Score_ServerThatIsSlowOnce_IsAskedAgainAfterTheTimeout()
    {
        using var server = new StubServer(asked => Says("10") with { Delay = asked.Number == 1 ? 5000 : 0 });
        using var judge = Judge(server, with => with with { Timeout = 0.3 });
        var clock = Stopwatch.StartNew();
        Assert.Equal([1.0], judge.Score([Text("one")]));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(4), $"{clock.Elapsed}");
    }

    [Fact]
    public void Score_AnswerThatCannotBeRead_IsAskedOnceMoreWithWhatWasWrong()
    {
        using var server = new StubServer(asked => Says(asked.Number == 1 ? "Splendid!" : "10"));
        using var judge = Judge(server);
        Assert.Equal([1.0], judge.Score([Text("one")]));
        Assert.Contains("the answer 'Splendid!' cannot be read", server.Requests.Last().User, StringComparison.Ordinal);
        Assert.Equal(204, judge.Measures["judge_tokens"]);
    }

    [Fact]
    public void Score_AnswersThatStayUnreadable_AreTheWorstRatingAndKept()
    {
        using var server = new StubServer(_ => Says("11 of 10"));
        using (var judge = Judge(server))
        {
            Assert.Equal([0.0], judge.Score([Text("one")]));
            Assert.Equal(1, judge.Measures["judge_unreadable"]);
        }

        using var next = Judge(server);
        Assert.Equal([0.0], next.Score([Text("one")]));
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public void Score_ServerThatDies_EndsInOneLineAndKeepsWhatWasAnswered()
    {
        using var server = new StubServer(asked => asked.Number <= 3 ? Says("7") : new Reply(0, ""));
        using (var judge = Judge(server, with => with with { Concurrency = 1 }))
        {
            var message = Assert.Throws<RlhfException>(() => judge.Score(Five)).Message;
            Assert.Contains("ppo.score.judge (judge-1 at http://127.0.0.1", message, StringComparison.Ordinal);
            Assert.Contains("no answer after 3 tries", message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
        }

        // The next run asks only for what is missing.
        using var well = new StubServer(_ => Says("7"));
        using var next = Judge(well);
        Assert.Equal(5, next.Score(Five).Length);
        Assert.Equal(2, well.Requests.Count);
    }

    [Fact]
    public void Score_OneQuestionThatFailsForGood_LeavesTheOthersTheirAnswers()
    {
        var asking = 0;
        using var server = new StubServer(asked =>
        {
            Interlocked.Increment(ref asking);
            if (!asked.User.Contains("r0")) return Says("7") with { Delay = 300 };
            SpinWait.SpinUntil(() => Volatile.Read(ref asking) == 5, TimeSpan.FromSeconds(30));
            return new Reply(400, "no such model");
        });
        using (var judge = Judge(server, with => with with { Concurrency = 5 }))
            Assert.Contains("400 BadRequest: 'no such model'; check base_url and model", Assert.Throws<RlhfException>(() => judge.Score(Five)).Message, StringComparison.Ordinal);

        // What was under way came back, is charged for, and is kept.
        using var well = new StubServer(_ => Says("7"));
        using var next = Judge(well);
        next.Score(Five);
        Assert.Equal(5, server.Requests.Count);
        Assert.Single(well.Requests);
    }

    [Fact]
    public void Score_NobodyAtTheAddress_EndsInOneLine()
    {
        var server = new StubServer(_ => Says("7"));
        using var judge = Judge(server);
        server.Dispose();
        Assert.Contains("Connection refused", Assert.Throws<RlhfException>(() => judge.Score([Text("one")])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public void Score_KeyThatIsRefused_NamesItsVariableAndNotTheKey(int status)
    {
        using var server = new StubServer(_ => new Reply(status, $"wrong key {Key}\nsorry"));
        using var judge = Judge(server);
        var message = Assert.Throws<RlhfException>(() => judge.Score([Text("one")])).Message;
        Assert.Contains($"check the key in {KeyVariable}", message, StringComparison.Ordinal);
        Assert.Contains("wrong key ***", message, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, message, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public void Score_ServerThatRepeatsTheKey_LeavesItInNoFile()
    {
        using var server = new StubServer(asked => Says(asked.Head.Contains(Key) ? $"{Key} 7" : "no key"));
        using (var judge = Judge(server)) Assert.Equal([6.0 / 9], judge.Score([Text("one")]));
        var files = Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories);
        Assert.Single(files);
        Assert.All(files, file => Assert.DoesNotContain(Key, File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, "is not set")]
    [InlineData("sk-a b", "is no key")]
    public void Create_WithoutAUsableKey_NamesTheVariable(string? value, string words)
    {
        const string variable = "RLHF_TEST_JUDGE_NO_KEY";
        Environment.SetEnvironmentVariable(variable, value);
        var message = Assert.Throws<RlhfException>(() => new JudgeScorer(new JudgeSource { BaseUrl = "http://localhost/v1", Model = "m", KeyVariable = variable }, _folder.Path, "ppo.score.judge")).Message;
        Assert.Contains($"{variable} ", message, StringComparison.Ordinal);
        Assert.Contains(words, message, StringComparison.Ordinal);
        if (value is not null) Assert.DoesNotContain(value, message, StringComparison.Ordinal);
    }

    private static ScoredText[] Five => [.. Enumerable.Range(0, 5).Select(i => Text($"r{i}"))];

    private static ScoredText Text(string response) => new("say something", response, [], []) { Facts = new Dictionary<string, string> { ["answer"] = "theirs" } };

    private JudgeScorer Judge(StubServer server, Func<JudgeSource, JudgeSource>? with = null)
    {
        var source = new JudgeSource { BaseUrl = server.Address, Model = "judge-1", KeyVariable = KeyVariable, Retries = 2, Backoff = 0.02 };
        return new JudgeScorer(with?.Invoke(source) ?? source, _folder.At("judge"), "ppo.score.judge");
    }
}
