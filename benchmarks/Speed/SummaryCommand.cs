using System.Globalization;
using System.Text.Json;

namespace Rlhf.Benchmarks.Speed;

/// <summary>What turns.sh has gathered: medians of each contestant, and how many times as fast Rlhf is, as the median over rounds.</summary>
internal static class SummaryCommand
{
    private static readonly string[] s_seconds = ["rollout", "scoring", "update", "iteration", "median_s"];

    /// <summary>summary FILE, of lines {"who": …, "found": {…}}</summary>
    public static int Run(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var runs = File.ReadLines(args[0]).Select(line => JsonDocument.Parse(line).RootElement).GroupBy(run => run.GetProperty("who").GetString()!, run => run.GetProperty("found"))
            .ToDictionary(group => group.Key, group => group.ToArray());
        foreach (var (who, found) in runs)
        {
            Console.Write($"{who,-10}");
            foreach (var name in s_seconds.Where(name => Values(found, name).Length > 0))
            {
                double[] values = Values(found, name), ours = Values(runs["rlhf"], name);
                Console.Write($"  {name} {Median(values):0.0000} s");
                if (who != "rlhf") Console.Write($" ({Median([.. values.Zip(ours, (theirs, own) => theirs / own)]):0.00} ×)");
            }

            if (Values(found, "update_to_floor") is { Length: > 0 } floors) Console.Write($"  update/floor {Median(floors):0.00}");
            Console.WriteLine();
        }

        return 0;
    }

    private static double[] Values(IEnumerable<JsonElement> found, string name) => [.. found.Where(run => run.TryGetProperty(name, out _)).Select(run => run.GetProperty(name).GetDouble())];

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
