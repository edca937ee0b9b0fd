using Rlhf.Benchmarks.CartPole;
using Rlhf.Benchmarks.Files;
using Rlhf.Benchmarks.Fuzz;
using Rlhf.Benchmarks.Speed;
using Rlhf.Benchmarks.Statistics;
using Rlhf.Foundation.Torch;

// The measurements behind docs/benchmarks.md:  dotnet run -c Release --project benchmarks -- COMMAND [arguments]
var commands = new Dictionary<string, Func<string[], int>>
{
    ["cartpole"] = CartPoleCommand.Run,
    ["coverage"] = CoverageCommand.Run,
    ["fuzz"] = FuzzCommand.Run,
    ["generate"] = GenerateCommand.Run,
    ["leak"] = LeakCommand.Run,
    ["likelihood-memory"] = LikelihoodMemoryCommand.Run,
    ["packages"] = PackagesCommand.Run,
    ["phases"] = PhasesCommand.Run,
    ["ppo"] = PpoCommand.Run,
    ["ranks"] = RanksCommand.Run,
    ["scan"] = ScanCommand.Run,
    ["tokenizer"] = TokenizerCommand.Run,
    ["tokenizer-ids"] = TokenizerIdsCommand.Run,
    ["stages"] = StagesCommand.Run,
    ["summary"] = SummaryCommand.Run,
    ["train-step"] = TrainStepCommand.Run,
};
Libtorch.Load();
if (args.Length > 0 && commands.TryGetValue(args[0], out var command)) return command(args[1..]);
Console.Error.WriteLine($"usage: benchmarks COMMAND [arguments]; the commands are {string.Join(", ", commands.Keys)}");
return 2;
