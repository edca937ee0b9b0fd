using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Rlhf.Cli.Labels;
using Rlhf.Cli.Tests.Whole;

namespace Rlhf.Cli.Tests.Rounds;

[Trait("Speed", "slow")]
public sealed class RoundsCommandTests : IClassFixture<TrainedWorld>
{
    private static readonly string[] s_small =
    [
        "rounds.count=2", "rounds.pairs=24", "reward.data=labels", "reward.batch_size=8", "reward.eval_share=0.2", "reward.normalization.samples=8", "ppo.steps=2", "ppo.model=start/sft/final",
        "curve.max_prompts=4", "curve.samples=1", "curve.best_of=1", "gold.world={}", "ppo.score={}",
    ];

    private readonly TrainedWorld _world;

    public RoundsCommandTests(TrainedWorld world)
    {
        _world = world;
        File.WriteAllText(world.At("rounds.yaml"), string.Join('\n', File.ReadLines(world.At("tiny.yaml")).TakeWhile(line => !line.StartsWith("tokenizer:", StringComparison.Ordinal))
            .Concat(File.ReadLines(world.At("tiny.yaml")).SkipWhile(line => !line.StartsWith("ppo:", StringComparison.Ordinal)))) + "\n");
    }

    [Fact]
    public void Rounds_ByAScore_LearnFromAllLabelsAndGoOnWhereTheyWere()
    {
        string[] words = ["rounds", "rounds.yaml", .. s_small, "rounds.labeller={length: {least: 10, most: 20, slack: 20, unit: characters}}", "rounds.noise=0.5", "out=by-score"];
        var first = ProgramProcess.Run(_world.Folder, words);
        Assert.True(first.Code == 0, first.Error);
        var results = File.ReadAllText(_world.At("by-score", "rounds.json"));
        Directory.Delete(_world.At("by-score", "round-2", "curve"), recursive: true);

        var again = ProgramProcess.Run(_world.Folder, words);

        Assert.True(again.Code == 0, again.Error);
        Assert.Equal(first.Output, again.Output);
        Assert.Equal(results, File.ReadAllText(_world.At("by-score", "rounds.json")));
        var labels = JsonNode.Parse(results)!.AsArray().Select(round => (int)round!["labels"]!).ToArray();
        Assert.Equal(2, labels.Length);
        Assert.InRange(labels[1], labels[0] + 10, 48);
        Assert.Equal(labels[1], File.ReadLines(_world.At("by-score", "round-2", "data.jsonl")).Count());
        Assert.Contains("model: by-score/round-1/ppo/final", File.ReadAllText(_world.At("by-score", "round-2", "ppo", "recipe.yaml")), StringComparison.Ordinal);
        Assert.True(File.Exists(_world.At("by-score", "report.html")));
    }

    [Fact]
    public void Rounds_ByAProgram_AreLabelledByWhatItSays()
    {
        string[] words =
        [
            "rounds", "rounds.yaml", .. s_small, "rounds.count=1", "rounds.noise=0", "out=by-program",
            "rounds.labeller={command: {run: [awk, '{ print gsub(/e/, \"\") }']}}",
        ];

        var ending = ProgramProcess.Run(_world.Folder, words);

        Assert.True(ending.Code == 0, ending.Error);
        var pairs = File.ReadLines(_world.At("by-program", "round-1", "data.jsonl")).Select(line => JsonNode.Parse(line)!).ToArray();
        Assert.True(pairs.Length >= 10);
        Assert.All(pairs, pair => Assert.True(Letters(pair["chosen"]!) > Letters(pair["rejected"]!), pair.ToJsonString()));
    }

    [Fact]
    public void Rounds_ByAJudge_AreLabelledByItsRatings()
    {
        // A judge that counts the letter e, up to the best rating there is.
        using var judge = new StubServer(asked => StubServer.Says($"{Math.Min(10, 1 + ResponseIn(asked.User).Count(letter => letter == 'e'))}"));
        string[] words =
        [
            "rounds", "rounds.yaml", .. s_small, "rounds.count=1", "rounds.noise=0", "out=by-judge",
            $"rounds.labeller={{judge: {{base_url: '{judge.Address}', model: counter}}}}",
        ];

        var ending = ProgramProcess.Run(_world.Folder, words);

        Assert.True(ending.Code == 0, ending.Error);
        var pairs = File.ReadLines(_world.At("by-judge", "round-1", "data.jsonl")).Select(line => JsonNode.Parse(line)!).ToArray();
        Assert.True(pairs.Length >= 10);
        Assert.All(pairs, pair => Assert.True(Letters(pair["chosen"]!) >= Math.Min(9, Letters(pair["rejected"]!)), pair.ToJsonString()));
        Assert.NotEmpty(judge.Requests);

        static string ResponseIn(string question) => question[(question.IndexOf("<response>", StringComparison.Ordinal) + 10)..question.IndexOf("</response>", StringComparison.Ordinal)];
    }

    [Fact]
    public async Task Rounds_ByPeople_WaitAtThePageAndGoOnWhenAllIsAnswered()
    {
        using var program = new ProgramProcess(_world.Folder, ["rounds", "rounds.yaml", .. s_small, "rounds.count=1", "rounds.port=0", "out=by-people"]);
        var url = await program.Says(@"pairs wait for answers at (http://127\.0\.0\.1:\d+)/label");
        using var client = new HttpClient { BaseAddress = new Uri(url) };
        var view = JsonNode.Parse(await client.GetStringAsync("/api/label/next?annotator=ann"))!;
        for (var i = 0; view["pair"] is { } pair; i++)
        {
            using var answer = await client.PostAsJsonAsync("/api/label/answers", new { id = $"a{i}", annotator = "ann", pair = (string)pair["id"]!, answer = i % 6 == 5 ? "skip" : "left" });
            view = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        }

        var ending = program.Wait();

        Assert.True(ending.Code == 0, ending.Error);
        Assert.All(LabelFile.Read(_world.At("by-people", "round-1", "labels.jsonl")), label => Assert.Equal("ann", label.Annotator));
        Assert.Matches(@"^round 1: \d+ labels, gold \d", ending.Output);
    }

    [Fact]
    public void Rounds_RecipeWithoutThem_IsRefused()
    {
        var ending = InProcess.Run("rounds", "device=cpu");
        Assert.Equal((2, "rlhf rounds: rounds are made of the sections rounds, reward, ppo and curve; the recipe lacks one of them\n"), (ending.Code, ending.Error));
    }

    private static int Letters(JsonNode response) => ((string)response!).Count(letter => letter == 'e');
}
