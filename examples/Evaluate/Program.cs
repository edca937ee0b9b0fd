// KL against reward of checkpoints: how far each has drifted from the reference, and what it scores by a C# function.
// Arguments: the reference's folder, the file to write the curve to, samples of each prompt, and folders of the models to evaluate.
using System.Globalization;
using Rlhf.Evaluation;
using Rlhf.Policies.Checkpoints;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using Rlhf.Ppo;
using Rlhf.Rewards.Scorers;
using static TorchSharp.torch;

var (start, file, samples) = (args[0], args[1], int.Parse(args[2], CultureInfo.InvariantCulture));
var tokenizer = TextTokenizer.Load(start);
var prompts = Prompt.Of(tokenizer, ["What did you see at the park?", "How was the market?", "Tell me about the bird.", "Who has a new hat?", "Where is the boat?"]);
string[] colours = ["red", "green", "blue", "yellow", "white", "black", "brown"];

using var reference = ModelFolder.Load(start, CPU);
var evaluator = new PolicyEvaluator
{
    Reference = reference,
    Tokenizer = tokenizer,
    Proxy = new FunctionScorer("short", text => -text.Response.Length / 200.0),
    Gold = new FunctionScorer("colour", text => colours.Any(colour => text.Response.Contains(colour, StringComparison.OrdinalIgnoreCase)) ? 1 : 0),
    Sampling = new SamplingOptions { MaxNewTokens = 40 },
};

var policies = new List<EvaluatedPolicy>();
foreach (var (i, folder) in args.Skip(3).Index())
{
    using var policy = ModelFolder.Load(folder, CPU);
    policies.Add(new EvaluatedPolicy("run", "ppo", i + 1, 0, folder, Evaluated(policy)));
}

var curve = CurveBuilder.Build(Evaluated(reference), policies, new BootstrapOptions()) with { ProxyName = evaluator.Proxy.Name, GoldName = evaluator.Gold.Name };
CurveJson.Write(curve, file);
Console.WriteLine("                             KL           short               colour");
foreach (var point in curve.Points)
    Console.WriteLine($"{point.Checkpoint,-24} {Text(point.Kl.Exact),20} {Text(point.Proxy),20} {Text(point.Gold!),20}");
Console.WriteLine(Judge.Of(curve).Headline);

EvaluatedPrompts Evaluated(CausalLm policy) => new(Enumerable.Range(0, samples).SelectMany(sample => evaluator.Evaluate(policy, prompts, sample)));

static string Text(Estimate estimate) => string.Create(CultureInfo.InvariantCulture, $"{estimate.Value:0.00} [{estimate.Low:0.00}, {estimate.High:0.00}]");
