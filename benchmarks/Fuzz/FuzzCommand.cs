using System.Diagnostics;
using System.Globalization;

namespace Rlhf.Benchmarks.Fuzz;

/// <summary>Feeds damaged files to every parser: nothing may crash, hang, or take memory far beyond the file's size.</summary>
internal static class FuzzCommand
{
    public static int Run(string[] args)
    {
        // Feeds damaged files to every parser: nothing may crash, hang, or take memory far beyond the file's size.
        //   dotnet run -c Release --project benchmarks -- fuzz [inputs=100000] [seed=1] [format=NAME] [first=0]
        //   … fuzz format=NAME guided=FOLDER   reads what AFL++ makes of the real files, which are written to that folder first (scripts/guided-fuzz.sh)

        var options = args.Select(argument => argument.Split('=', 2)).ToDictionary(parts => parts[0], parts => parts.Length == 2 ? parts[1] : "");
        long Number(string name, long otherwise) => options.TryGetValue(name, out var value) ? long.Parse(value, CultureInfo.InvariantCulture) : otherwise;
        var (inputs, first, seed) = (Number("inputs", 100_000), Number("first", 0), (int)Number("seed", 1));
        var chosen = Formats.All.Where(target => !options.TryGetValue("format", out var name) || target.Format == name).ToList();
        if (chosen.Count == 0)
        {
            Console.Error.WriteLine($"the formats are {string.Join(", ", Formats.All.Select(target => target.Format))}");
            return 2;
        }

        if (options.TryGetValue("guided", out var folder)) return GuidedFuzz.Run(chosen[0], folder);
        var failures = 0;
        foreach (var target in chosen)
        {
            var clock = Stopwatch.StartNew();
            var report = new MutationFuzzer(seed, target.Originals()).Run(first, inputs, target.Parse, [.. target.Refusals]);
            Console.WriteLine($"{target.Format} seed {seed}: {report} in {clock.Elapsed.TotalSeconds:F0} s");
            foreach (var failure in report.Failures) Console.WriteLine($"  {failure}");
            failures += report.Failures.Count;
        }

        return failures == 0 ? 0 : 1;
    }
}
