// Round after round: pairs of the present policy, labels by a function (in your program: people), a reward model of all labels
// so far, PPO against it near the first policy. Arguments: a model's folder, a folder for the results, rounds, pairs of a round, steps of PPO.
using System.Globalization;
using System.Text.Json;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Tokenization;
using Rlhf.Ppo;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Scorers;
using Rlhf.Rewards.Training;
using static TorchSharp.torch;

var (start, folder) = (args[0], args[1]);
var (rounds, pairs, steps) = (Number(2, 3), Number(3, 500), Number(4, 40));
var sampling = new SamplingOptions { MaxNewTokens = 40 };
var tokenizer = TextTokenizer.Load(start);
var prompts = Prompt.Of(tokenizer, ["What did you see at the park?", "How was the market?", "Tell me about the bird.", "Who has a new hat?", "Where is the boat?"]);
var policy = start;

for (var round = 1; round <= rounds; round++)
{
    var here = Path.Combine(folder, $"round-{round}");
    Directory.CreateDirectory(here);
    var labels = Path.Combine(here, "pairs.jsonl");
    if (!File.Exists(labels))
    {
        var earlier = round == 1 ? [] : File.ReadAllLines(Path.Combine(folder, $"round-{round - 1}", "pairs.jsonl"));
        File.WriteAllLines(labels, [.. earlier, .. Draw(policy, round).Select(pair => JsonSerializer.Serialize(new { prompt = pair.Prompt, chosen = pair.Chosen, rejected = pair.Rejected }))]);
    }

    var judge = TrainReward(Path.Combine(here, "reward"), labels);
    policy = TrainPolicy(Path.Combine(here, "ppo"), policy, judge);
    Console.WriteLine($"round {round}: {File.ReadLines(labels).Count()} labels; the policy is in {policy}");
}

// Two responses to each prompt, the better one first.
IEnumerable<(string Prompt, string Chosen, string Rejected)> Draw(string model, int round)
{
    using var loaded = ModelFolder.Load(model, CPU);
    var generator = new TextGenerator(loaded, tokenizer.Eos, tokenizer.PadOrEos, tokenizer);
    Prompt[] asked = [.. Enumerable.Range(0, pairs).Select(i => prompts[i % prompts.Count])];
    var (firsts, seconds) = (Responses(0), Responses(1));
    foreach (var (i, prompt) in asked.Index())
    {
        var (first, second) = (firsts[i].Text!, seconds[i].Text!);
        if (first.Trim().Length == 0 || second.Trim().Length == 0 || Liking(first) == Liking(second)) continue;
        yield return Liking(first) > Liking(second) ? (prompt.Text, first, second) : (prompt.Text, second, first);
    }

    Completion[] Responses(int side) => generator.Generate([.. asked.Select(prompt => prompt.Tokens)], sampling, [.. asked.Select((_, i) => new RandomKey(1, round, i, side))]);
}

// Stands for a person who likes answers with many different letters.
static double Liking(string response) => response.Distinct().Count();

string TrainReward(string into, string labels)
{
    var recipe = new RewardRecipe { Model = start, Data = labels, Epochs = 2, Normalization = new NormalizationOptions { Policy = start, Sampling = sampling, Samples = 128 } };
    using var run = Run.Open(into, recipe, "reward", new RunOptions { Progress = new PlainProgress(Console.Error), Inputs = [start, labels] });
    if (!run.IsFinished) new RewardStage(recipe, seed: 1, CPU, ScalarType.Float32).Run(run);
    return run.FinalFolder;
}

string TrainPolicy(string into, string model, string judge)
{
    var recipe = new PpoRecipe { Steps = steps, Episodes = 64, Sampling = sampling, Reference = new ReferenceRecipe { Model = model == start ? null : start } };
    using var run = Run.Open(into, recipe, "ppo", new RunOptions { SaveEvery = 10, Progress = new PlainProgress(Console.Error), Inputs = [model, judge] });
    PpoTraining.Train(run, model, new PpoInputs
    {
        Recipe = recipe,
        Policy = ModelFolder.Load(model, CPU),
        Reference = model == start ? null : ModelFolder.Load(start, CPU),
        RewardModel = SeparateCritic.From(RewardFolder.Load(judge, CPU)),
        Tokenizer = tokenizer,
        Scorer = new RewardModelScorer(RewardFolder.Load(judge, CPU), tokenizer.PadOrEos),
        Prompts = prompts,
        Seed = 1,
        Device = CPU,
    });
    return run.FinalFolder;
}

int Number(int place, int otherwise) => args.Length > place ? int.Parse(args[place], CultureInfo.InvariantCulture) : otherwise;
