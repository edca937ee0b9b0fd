using System.Globalization;
using System.Text.Json;
using Rlhf.Cli.Bench;
using Rlhf.Policies.Families;
using Rlhf.Policies.Generation;
using Rlhf.Ppo;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks.Speed;

/// <summary>One PPO iteration by phase, beside the floor of its matrix products.</summary>
internal static class PpoCommand
{
    public static int Run(string[] args)
    {
        // ppo [a|b] [minibatches] [repeats]: one PPO iteration by phase, beside the floor of its matrix products, as JSON.
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var name = args.Length > 0 ? args[0] : "a";
        var minibatches = args.Length > 1 ? int.Parse(args[1]) : 1;
        var repeats = args.Length > 2 ? int.Parse(args[2]) : 3;
        var shape = name == "a" ? TransformerConfig.Gpt2(512, 128, 4, 4, 64) : TransformerConfig.Gpt2(4096, 384, 6, 6, 64);
        var recipe = new PpoRecipe { Episodes = 64, Epochs = 4, Minibatches = minibatches, Sampling = new SamplingOptions { MaxNewTokens = 24 } };
        set_num_threads(Environment.ProcessorCount);
        var times = new PpoIteration(shape, recipe, promptTokens: 8, CPU, ScalarType.Float32).Measure(repeats);
        Console.WriteLine(JsonSerializer.Serialize(new { shape = name, minibatches, times }));
        return 0;
    }
}
