using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Rlhf.Policies.Families;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Randomness;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks.Speed;

/// <summary>The time that a batch of prompts takes to get so many new tokens each.</summary>
internal static class GenerateCommand
{
    public static int Run(string[] args)
    {
        // generate [--width 384] [--layers 6] … : one JSON object with the time that a batch of prompts takes to get so many new
        // tokens each. The peer is benchmarks/peer_generate.py, with the same options.
        var options = new Dictionary<string, int>
        {
            ["--width"] = 384, ["--layers"] = 6, ["--heads"] = 6, ["--vocabulary"] = 4096, ["--batch"] = 64, ["--prompt"] = 32, ["--new"] = 64, ["--repeats"] = 3,
        };
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            if (!options.ContainsKey(args[i])) throw new ArgumentException($"no option {args[i]}");
            options[args[i]] = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
        }

        int batch = options["--batch"], given = options["--prompt"], made = options["--new"];
        set_num_threads(Environment.ProcessorCount);
        using var model = CausalLm.Create(TransformerConfig.Gpt2(options["--vocabulary"], options["--width"], options["--layers"], options["--heads"], given + made), seed: 0);
        // No token ends a response, so that every run does the same work.
        var generator = new TextGenerator(model, eos: null, pad: 0) { BatchSize = batch };
        int[][] prompts = [.. Enumerable.Range(0, batch).Select(row => Enumerable.Range(0, given).Select(i => (row * 131 + i * 17) % options["--vocabulary"]).ToArray())];
        var sampling = new SamplingOptions { MaxNewTokens = made };
        var seconds = new List<double>();
        for (var repeat = 0; repeat <= options["--repeats"]; repeat++)
        {
            RandomKey[] keys = [.. Enumerable.Range(0, batch).Select(row => new RandomKey(1, repeat, row, 0))];
            var clock = Stopwatch.StartNew();
            var found = generator.Generate(prompts, sampling, keys);
            if (repeat > 0) seconds.Add(clock.Elapsed.TotalSeconds);
            if (Array.Exists(found, completion => completion.Tokens.Length != made)) throw new InvalidOperationException("a response has another length than was asked for");
        }

        seconds.Sort();
        var median = seconds[seconds.Count / 2];
        Console.WriteLine(JsonSerializer.Serialize(new { peer = "rlhf", threads = get_num_threads(), batch, prompt = given, @new = made, median_s = median, tokens_per_s = batch * made / median }));
        return 0;
    }
}
