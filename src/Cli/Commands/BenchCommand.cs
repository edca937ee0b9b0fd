using System.Globalization;
using System.Text.Json;
using Rlhf.Cli.Bench;
using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Foundation;
using Rlhf.Foundation.Files;
using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Fused;
using Rlhf.Reports.Charts;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf bench</c>: speeds of named model sizes beside the machine's own ceilings, measured in the same run.</summary>
internal static class BenchCommand
{
    private static readonly string[] s_forCpu = ["small_a", "small_b"];

    public static Command Create() => Command.For<BenchRecipe>("bench", "Measures training, prefill, decoding and PPO beside the machine's ceilings.", Run, Check) with
    {
        Positionals = ["sizes"],
        Examples = ["rlhf bench", "rlhf bench against=composed", "rlhf bench sizes=[gpt2_124m] dtype=bfloat16 rows=64 --json"],
    };

    private static int Run(BenchRecipe recipe, CommandContext context)
    {
        Check(recipe, context);
        if (recipe.Threads > 0) set_num_threads(recipe.Threads);
        var device = Machine.Open(recipe.Device);
        var type = Machine.TypeOf(recipe.Dtype);
        var work = new SpeedWorkload(recipe.Rows, recipe.Length, recipe.NewTokens, recipe.Repeats);
        var sizes = Sizes(recipe, device);
        context.Progress.Begin("bench", sizes.Count + 1, 0);
        var ceilings = MachineCeilings.Measure(device, type);
        context.Progress.Advance(1, new Dictionary<string, double>());
        var speeds = new List<ModelSpeed>();
        foreach (var size in sizes)
        {
            speeds.Add(recipe.Against == Opponent.Composed ? ModelSpeed.MeasureAgainstComposed(size, work, ceilings, device, type) : ModelSpeed.Measure(size, work, ceilings, device, type));
            context.Progress.Advance(1 + speeds.Count, new Dictionary<string, double> { ["training_tokens_per_second"] = speeds[^1].Training });
        }

        context.Progress.End();
        if (context.Format == OutputFormat.Json)
            context.Output.WriteLine(JsonSerializer.Serialize(new { Device = device.ToString(), Dtype = type.ToString().ToLowerInvariant(), Threads = get_num_threads(), Workload = work, Ceilings = ceilings, Speeds = speeds }, JsonText.Lines));
        else Print(ceilings, speeds, work, context.Output);
        return 0;
    }

    private static void Check(BenchRecipe recipe, CommandContext context)
    {
        var device = Machine.DeviceOf(recipe.Device);
        var type = Machine.TypeOf(recipe.Dtype);
        if (recipe.Against == Opponent.Composed && !KernelRule.ServesModel(device, type))
            throw new RlhfException("against: found composed, which is all that computes this here; kernels are for float32 on a CPU, and for bfloat16 on one that multiplies it; RLHF_KERNELS=0 turns them off");
        foreach (var size in Sizes(recipe, device))
        {
            var shape = NamedShapes.Of(size);
            MemoryEstimate.Of(new MemoryPlan
            {
                Models = [new(shape, Upkeep.Trained), new(shape, Upkeep.Frozen)], Tokens = (long)recipe.Rows * recipe.Length, Longest = recipe.Length, Dtype = recipe.Dtype, OnCpu = device.type == DeviceType.CPU, InKernels = KernelRule.ServesModel(device, type),
            }).Tell($"bench {size}", "lower rows or length, or choose smaller sizes", context, device);
        }
    }

    private static IReadOnlyList<string> Sizes(BenchRecipe recipe, Device device) =>
        recipe.Sizes.Count > 0 ? recipe.Sizes : device.type == DeviceType.CUDA ? [.. NamedShapes.Names] : s_forCpu;

    private static void Print(MachineCeilings ceilings, IReadOnlyList<ModelSpeed> speeds, SpeedWorkload work, TextWriter output)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ceilings: product {ceilings.Product / 1e9:0.0} GFLOP/s, copy {ceilings.Bandwidth / 1e9:0.0} GB/s; {work.Rows} rows of {work.Length} tokens, {work.NewTokens} new"));
        output.WriteLine($"{"size",-12}{"parameters",14}{"training",20}{"prefill",20}{"decode",20}{"PPO",16}");
        foreach (var speed in speeds)
        {
            output.WriteLine($"{speed.Size,-12}{NumberFormat.Count(speed.Parameters),14}{Share(speed.Training, speed.TrainingOfProduct),20}{Share(speed.Prefill, speed.PrefillOfProduct),20}"
                + $"{Share(speed.Decode, speed.DecodeOfFloor),20}{NumberFormat.Value(speed.PpoEpisodes) + " ep/s",16}");
            if (speed.Ratio is { } ratio) output.WriteLine($"{"  × composed",-12}{"",14}{Times(ratio.Training),20}{Times(ratio.Prefill),20}{Times(ratio.Decode),20}{Times(ratio.Ppo),16}");
        }

        output.WriteLine("tokens per second (share of the ceiling: the product's for training and prefill, the slower of product and copy for decoding)");
    }

    private static string Times(double ratio) => string.Create(CultureInfo.InvariantCulture, $"{ratio:0.00} ×");

    private static string Share(double rate, double share) => $"{NumberFormat.Value(rate)} ({NumberFormat.Percent(share)})";
}

/// <summary>What speeds are compared with.</summary>
internal enum Opponent
{
    None,
    Composed,
}

internal sealed record BenchRecipe
{
    [Describe("model sizes: small_a, small_b, stories_15m, gpt2_124m, pythia_160m; none: the small ones on a CPU, all on a GPU")]
    public IReadOnlyList<string> Sizes { get; init; } = [];

    [Describe("rows side by side; episodes of a PPO iteration"), AtLeast(1)]
    public int Rows { get; init; } = 64;

    [Describe("tokens of a row; a quarter of them are PPO's prompt"), AtLeast(2)]
    public int Length { get; init; } = 32;

    [Describe("tokens generated for each row"), AtLeast(1)]
    public int NewTokens { get; init; } = 24;

    [Describe("runs of which the shortest counts, after one that warms up"), AtLeast(1)]
    public int Repeats { get; init; } = 3;

    [Describe("composed: the same by libtorch's operators alone, in turns, and how many times as fast kernels are")]
    public Opponent Against { get; init; }

    [Describe("auto, cpu, cuda or cuda:N")]
    public string Device { get; init; } = "auto";

    [Describe("number type of the forward and backward passes")]
    public Precision Dtype { get; init; } = Precision.Float32;

    [Describe("CPU threads; 0: one per core"), AtLeast(0)]
    public int Threads { get; init; }
}
