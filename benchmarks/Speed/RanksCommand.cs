using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Rlhf.Foundation.Jobs;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Sft;
using Rlhf.Policies.Training;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks.Speed;

/// <summary>Training steps that the ranks of a job share: tokens per second, the share of time in exchanges, and a rank's memory.</summary>
internal static class RanksCommand
{
    private const double Mebibyte = 1 << 20;

    public static int Run(string[] args)
    {
        // scripts/launch.sh -n 2 … ranks [--width 384] [--shard 1] …, or without launch.sh one process. Each has one thread, and all
        // of them together go through the same rows.
        var options = new Dictionary<string, int>
        {
            ["--width"] = 384, ["--layers"] = 6, ["--heads"] = 6, ["--vocabulary"] = 4096, ["--rows"] = 8, ["--length"] = 128, ["--steps"] = 5, ["--shard"] = 0,
        };
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            if (!options.ContainsKey(args[i])) throw new ArgumentException($"no option {args[i]}");
            options[args[i]] = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
        }

        set_num_threads(1);
        using var membership = new JobMembership(JobPlace.Here, JobOptions.FromEnvironment("benchmarks"));
        var job = membership.Join(CPU);
        int rows = options["--rows"], length = options["--length"];
        using var model = CausalLm.Create(TransformerConfig.Gpt2(options["--vocabulary"], options["--width"], options["--layers"], options["--heads"], length), seed: 0);
        var before = Resident();
        using var optimizer = new ModelOptimizer(model.named_parameters(), new OptimizerOptions { Shard = options["--shard"] == 1 }, job);
        SftExample[] all = [.. Enumerable.Range(0, rows).Select(row => new SftExample(Tokens(model, length, row), [.. Enumerable.Repeat(true, length)]))];
        var mine = job.PartOf(all);

        void Step()
        {
            using var scope = NewDisposeScope();
            GradientAccumulation.Run(mine, part => SftLoss.Summed(model, [part], 0), rows * (length - 1), job);
            optimizer.Step(1e-5);
        }

        Step();
        var state = Resident() - before;
        ProcessMemory.ResetPeak();
        job.Barrier();
        var (clock, exchanging, seconds) = (Stopwatch.StartNew(), job.Exchanging, new List<double>());
        for (var step = 0; step < options["--steps"]; step++)
        {
            var start = clock.Elapsed;
            Step();
            seconds.Add((clock.Elapsed - start).TotalSeconds);
        }

        var share = (job.Exchanging - exchanging) / clock.Elapsed;
        var peak = ProcessMemory.Read().Peak;
        var found = job.GatherValues(new Found(share, state / Mebibyte, (peak - before) / Mebibyte));
        if (job.Rank > 0) return 0;
        seconds.Sort();
        var median = seconds[seconds.Count / 2];
        var numbers = model.parameters().Sum(parameter => parameter.numel());
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            ranks = job.Size, shard = options["--shard"] == 1, width = options["--width"], parameters = numbers, median_s = median, tokens_per_s = rows * length / median,
            exchanging = found.Average(one => one.Exchanging), state_mib = found.Select(one => Math.Round(one.StateMib, 1)), peak_mib = found.Select(one => Math.Round(one.PeakMib, 1)),
            parameters_mib = numbers * sizeof(float) / Mebibyte,
        }));
        return 0;
    }

    private static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return ProcessMemory.Read().Allocated;
    }

    private static int[] Tokens(CausalLm model, int count, int row) =>
        [.. Enumerable.Range(0, count).Select(i => (int)(CounterRandom.Bits(new RandomKey(2, 0, row, 0), (uint)i) % (ulong)model.Config.Vocabulary))];

    private sealed record Found(double Exchanging, double StateMib, double PeakMib);
}
