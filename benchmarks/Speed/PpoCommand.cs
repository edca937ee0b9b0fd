using System.Globalization;
using System.Text.Json;
using Rlhf.Cli.Bench;
using Rlhf.Policies.Families;
using Rlhf.Policies.Generation;
using Rlhf.Ppo;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks.Speed;

/// <summary>One PPO iteration by phase, beside the floor of its matrix products: the best of some. The peers are peer_ppo.py and peer_trl.py, with the same options.</summary>
internal static class PpoCommand
{
    /// <summary>ppo [--shape a|b] [--minibatches 1] [--repeats 3] [--dtype float32]</summary>
    public static int Run(string[] args)
    {
        var options = new Dictionary<string, string> { ["--shape"] = "a", ["--minibatches"] = "1", ["--repeats"] = "3", ["--dtype"] = "float32" };
        for (var i = 0; i + 1 < args.Length; i += 2) options[options.ContainsKey(args[i]) ? args[i] : throw new ArgumentException($"no option {args[i]}")] = args[i + 1];
        int Number(string name) => int.Parse(options[name], CultureInfo.InvariantCulture);
        var shape = options["--shape"] == "a" ? TransformerConfig.Gpt2(512, 128, 4, 4, 64) : TransformerConfig.Gpt2(4096, 384, 6, 6, 64);
        var recipe = new PpoRecipe { Episodes = 64, Epochs = 4, Minibatches = Number("--minibatches"), Sampling = new SamplingOptions { MaxNewTokens = 24 } };
        set_num_threads(Environment.ProcessorCount);
        var type = options["--dtype"] == "bfloat16" ? ScalarType.BFloat16 : ScalarType.Float32;
        var times = new PpoIteration(shape, recipe, promptTokens: 8, CPU, type).Measure(Number("--repeats"));
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            shape = options["--shape"], minibatches = recipe.Minibatches, dtype = options["--dtype"], rollout = times.Generation, scoring = times.Likelihoods, update = times.Update, iteration = times.Iteration,
            update_to_floor = times.UpdateToFloor, update_collections = times.UpdateCollections,
        }));
        return 0;
    }
}
