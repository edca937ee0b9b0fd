using Rlhf.Foundation;
using Rlhf.Ppo;
using Rlhf.Rewards.Judging;
using Rlhf.Rewards.Scorers;
using TorchSharp;
using static Rlhf.TestSupport.StubServer;
using static TorchSharp.torch;

namespace Rlhf.Tests.Ppo;

/// <summary>Scores of several terms, verifiers and judges, from the prompts' file to the metrics.</summary>
public sealed class ScoreTermsTests : IDisposable
{
    private const string KeyVariable = "RLHF_TEST_RUN_KEY", Key = "sk-run-0123456789";

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TinyWorld _world = new();

    public ScoreTermsTests() => Environment.SetEnvironmentVariable(KeyVariable, Key);

    public void Dispose()
    {
        _world.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Train_VerifierBesideARule_LogsEachOnesMeanAndShare()
    {
        var scorer = new WeightedScorer([new(new RegexScorer(new RegexRule { Pattern = ".+", Column = "answer" }), 2), new(new CountingScorer(), 0.5)]);
        Train("terms", scorer);
        foreach (var step in Metrics("terms"))
        {
            Assert.Equal(step["raw_score"], 2 * step["score_regex"] + 0.5 * step["score_even tokens"], 1e-9);
            Assert.Equal(1, step["share_regex"] + step["share_even tokens"], 1e-9);
        }
    }

    [Fact]
    public void Train_JudgeThatDies_EndsInOneLineAndGoesOnWithoutAskingAgain()
    {
        using (var dying = new StubServer(asked => asked.Number <= 9 ? Says($"{asked.Number} {Key}") : new Reply(0, "")))
        {
            using (var judge = Judge(dying))
                Assert.DoesNotContain('\n', Assert.Throws<RlhfException>(() => Train("judged", judge)).Message);

            using var well = new StubServer(_ => Says("7"));
            using (var judge = Judge(well)) Train("judged", judge);
            Assert.Equal(2, Metrics("judged").Count);
            Assert.True(Metrics("judged")[^1]["judge_tokens"] > 0);
            string[] answered = [.. dying.Requests.Take(9).Concat(well.Requests).Select(asked => asked.User)];
            Assert.Equal(answered.Length, answered.Distinct().Count());
        }

        Assert.All(Directory.GetFiles(_world.Folder(""), "*", SearchOption.AllDirectories), file => Assert.DoesNotContain(Key, File.ReadAllText(file), StringComparison.Ordinal));
    }

    private JudgeScorer Judge(StubServer server) => new(
        new JudgeSource { BaseUrl = server.Address, Model = "m", KeyVariable = KeyVariable, Retries = 1, Backoff = 0.01, Concurrency = 1 }, _world.Folder("answers"), "ppo.score.judge");

    private void Train(string name, IScorer scorer)
    {
        var inputs = new PpoInputs
        {
            Recipe = TinyWorld.Recipe, Policy = _world.Model(), Tokenizer = _world.Tokenizer, Scorer = scorer, Seed = 5, Device = CPU,
            Prompts = [.. _world.Prompts.Select(prompt => prompt with { Facts = new Dictionary<string, string> { ["answer"] = prompt.Text } })],
        };
        using var run = _world.Open(name, TinyWorld.Recipe);
        PpoAssembly.Build(inputs, run).Train(_world.TokenizerFolder);
    }

    private List<Dictionary<string, double>> Metrics(string name) =>
        _world.Metrics(name);
}
