// PPO on a reward that is a C# function. Arguments: a model's folder, the run's folder, steps.
using System.Globalization;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Tokenization;
using Rlhf.Ppo;
using Rlhf.Rewards.Scorers;
using static TorchSharp.torch;

var (model, folder) = (args[0], args[1]);
var recipe = new PpoRecipe
{
    Steps = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 100,
    Episodes = 64,
    Sampling = new SamplingOptions { MaxNewTokens = 40 },
    Kl = new KlRecipe { Coefficient = 0.05 },
    Critic = new CriticRecipe { Kind = CriticKind.ValueHead },
};

// Short answers that name a colour.
string[] colours = ["red", "green", "blue", "yellow", "white", "black", "brown"];
var scorer = new FunctionScorer("colour", text =>
    (colours.Any(colour => text.Response.Contains(colour, StringComparison.OrdinalIgnoreCase)) ? 1 : 0) - text.Response.Length / 200.0);

var tokenizer = TextTokenizer.Load(model);
var prompts = Prompt.Of(tokenizer, ["What did you see at the park?", "How was the market?", "Tell me about the bird.", "Who has a new hat?"]);

using var run = Run.Open(folder, recipe, "ppo", new RunOptions { SaveEvery = 10, Progress = new PlainProgress(Console.Error) });
PpoTraining.Train(run, model, new PpoInputs
{
    Recipe = recipe,
    Policy = ModelFolder.Load(model, CPU),
    Tokenizer = tokenizer,
    Scorer = scorer,
    Prompts = prompts,
    Seed = 1,
    Device = CPU,
});
Console.WriteLine($"the model is in {run.FinalFolder}; the course of the score in {run.Folder}/metrics.jsonl");
