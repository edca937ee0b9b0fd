using System.Diagnostics;
using System.Globalization;
using Rlhf.Evaluation;
using Rlhf.Tests.Evaluation;

namespace Rlhf.Benchmarks.Statistics;

/// <summary>How often the 95% intervals of reports hold the truth, on a problem whose truth is known:  coverage [repetitions=1000] [prompts=64]</summary>
internal static class CoverageCommand
{
    public static int Run(string[] args)
    {
        var options = args.Select(argument => argument.Split('=', 2)).ToDictionary(parts => parts[0], parts => parts.Length == 2 ? parts[1] : "");
        int Number(string name, int otherwise) => options.TryGetValue(name, out var value) ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;
        var (repetitions, prompts) = (Number("repetitions", 1000), Number("prompts", 64));
        var clock = Stopwatch.StartNew();
        var error = Math.Sqrt(0.95 * 0.05 / repetitions);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{repetitions} repetitions of {prompts} prompts; a share of 0.950 is known to ±{1.96 * error:0.000}"));
        foreach (var found in CoverageProblem.Measure(repetitions, prompts, new BootstrapOptions()))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{found.Name,-62} {found.Share:0.000}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds:0} s"));
        return 0;
    }
}
