using System.Text.Json;
using Rlhf.Cli.Tests.Whole;
using Rlhf.Evaluation;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Tests.Ppo;

namespace Rlhf.Cli.Tests.Cards;

/// <summary>The card of a run of `rlhf ppo` in a folder with a hostile name, before and after its evaluation.</summary>
public sealed class ModelCardTests : IDisposable
{
    private const string Hostile = "a `b` | <i>c&d 'd' -- --> # e";

    private readonly TinyWorld _world = new();

    public ModelCardTests()
    {
        using (var model = _world.Model()) ModelFolder.Save(model, _world.Folder("model"), new SaveOptions { TokenizerFrom = _world.TokenizerFolder });
        File.WriteAllText(Path.Combine(_world.Folder("model"), ".hub"), "someone/tiny-world\n");
        File.WriteAllLines(_world.Folder($"{Hostile}.jsonl"), _world.Prompts.Select(prompt => JsonSerializer.Serialize(new { prompt = prompt.Text })));
        File.WriteAllText(_world.Folder("recipe.yaml"), $$$"""
            out: "{{{Pipeline}}}"
            gold: {repetition: {size: 1}}
            ppo:
              model: {{{_world.Folder("model")}}}
              prompts: "{{{_world.Folder($"{Hostile}.jsonl")}}}"
              score: {length: {least: 0, most: 3, slack: 4, unit: tokens}}
              steps: 1
              episodes: 8
              critic: {kind: value_head}
              optimizer: {learning_rate: 0.02}
              sampling: {max_new_tokens: 6}
            curve: {samples: 2, best_of: 2}
            """);
        var trained = InProcess.Run("ppo", _world.Folder("recipe.yaml"));
        Assert.True(trained.Code == 0, trained.Error);
    }

    private string Pipeline => _world.Folder(Hostile);

    private string Final => Path.Combine(Pipeline, "ppo", "final");

    private string Card => File.ReadAllText(Path.Combine(Final, "README.md"));

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Ppo_Final_HasACardThatYamlReads()
    {
        var keys = Yaml.OfCard(Card);

        Assert.Equal(("transformers", "text-generation", "someone/tiny-world", "rlhf|ppo"), (keys["library_name"], keys["pipeline_tag"], keys["base_model"], keys["tags"]));
        Assert.Contains("# to fill in: license: ", Card, StringComparison.Ordinal);
        Assert.Contains($"# to fill in: datasets: the hub's ids of {_world.Folder($"{Hostile}.jsonl")}\n", Card, StringComparison.Ordinal);
        Assert.Contains("| KL to the reference | `k1 in the reward, coefficient 0.1, adapting to 6 nats per response` |", Card, StringComparison.Ordinal);
        Assert.Contains("| score | `length` |", Card, StringComparison.Ordinal);
        Assert.Contains("`rlhf ppo recipe.yaml`", Card, StringComparison.Ordinal);
        Assert.Contains("From the course of training, without intervals.", Card, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\b(host|process|command) `", Card);
    }

    [Fact]
    public void Ppo_HostileNames_DoNothingInTheCard()
    {
        // Outside of code, what is in angle brackets is the program's own.
        var outside = System.Text.RegularExpressions.Regex.Replace(Card, @"(`+)(?!`).*?(?<!`)\1(?!`)", "", System.Text.RegularExpressions.RegexOptions.Singleline);

        Assert.Contains("&lt;i\\>c&amp;d", outside, StringComparison.Ordinal);
        Assert.DoesNotContain("<i>", outside[outside.IndexOf("\n---\n", 4, StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.Equal(2, outside.Split("<!-- rlhf: ").Length - 1);
    }

    [Fact]
    public void Curve_CardGetsItsNumbersAndTheUsersWordsStay()
    {
        File.WriteAllText(Path.Combine(Final, "README.md"), Card.Replace("# to fill in: license: ", "license: mit\n# ", StringComparison.Ordinal) + "\nMy own words.\n");

        var ending = InProcess.Run("curve", _world.Folder("recipe.yaml"));

        Assert.True(ending.Code == 0, ending.Error);
        var point = CurveJson.Read(Path.Combine(Pipeline, "curve", "curve.json")).Points.Single();
        Assert.Contains($"| KL from the reference, nats per response | {Rlhf.Reports.Charts.NumberFormat.Value(point.Kl.Exact.Value)} [", Card, StringComparison.Ordinal);
        Assert.Contains("| wins against the reference by the gold score | ", Card, StringComparison.Ordinal);
        Assert.Contains("6 prompts, 2 responses to each; in brackets 95% bootstrap intervals over prompts.", Card, StringComparison.Ordinal);
        Assert.Equal("mit", Yaml.OfCard(Card)["license"]);
        Assert.EndsWith("\nMy own words.\n", Card, StringComparison.Ordinal);
    }

    [Fact]
    public void ModelCard_OfAFolder_IsPrintedOrWrittenWithWhatIsGiven()
    {
        var printed = InProcess.Run("model", "card", Final, "-", "card.license=apache-2.0", "card.language=[en, de]", "card.datasets=[me/mine]");

        Assert.Equal((0, ""), (printed.Code, printed.Error));
        Assert.Equal(("apache-2.0", "en|de", "me/mine"), (Yaml.OfCard(printed.Output)["license"], Yaml.OfCard(printed.Output)["language"], Yaml.OfCard(printed.Output)["datasets"]));
        Assert.False(Yaml.OfCard(Card).ContainsKey("license"));

        var written = InProcess.Run("model", "card", _world.Folder("model"), "card.name=tiny");

        Assert.Equal((0, Path.Combine(_world.Folder("model"), "README.md") + "\n"), (written.Code, written.Output));
        Assert.Contains("\n# tiny\n", File.ReadAllText(written.Output.Trim()), StringComparison.Ordinal);
        Assert.Equal("someone/tiny-world", Yaml.OfCard(File.ReadAllText(written.Output.Trim()))["base_model"]);
    }

    [Fact]
    public void Card_OfAModel_IsNoPartOfWhatARunIsMadeFrom()
    {
        var before = RunInputs.Of([Final]);
        File.AppendAllText(Path.Combine(Final, "README.md"), "More words.\n");

        Assert.Equal(before, RunInputs.Of([Final]));
        CheckpointManifest.ReadVerified(Final);
        Assert.Equal(0, InProcess.Run("ppo", _world.Folder("recipe.yaml")).Code);
        Assert.EndsWith("More words.\n", Card, StringComparison.Ordinal);
    }
}
