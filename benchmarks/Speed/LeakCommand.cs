using System.Globalization;
using Rlhf.Foundation.Torch;

namespace Rlhf.Benchmarks.Speed;

/// <summary>Whether a long training loop keeps what it should give back: resident memory after a collection, as the steps go by.</summary>
internal static class LeakCommand
{
    private const int Readings = 20;

    /// <summary>leak [steps=20000]: ends with 1 where memory grew by more than a twentieth between the first reading and the last.</summary>
    public static int Run(string[] args)
    {
        var steps = args.Length > 0 ? int.Parse(args[0].Split('=')[^1], CultureInfo.InvariantCulture) : 20_000;
        using var step = new TrainingStep(new StepShape { Width = 32, Layers = 2, Heads = 2, Vocabulary = 128, Batch = 4, Length = 8 });
        List<double> mebibytes = [];
        for (var reading = 1; reading <= Readings; reading++)
        {
            step.Run(steps / Readings);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            mebibytes.Add(ProcessMemory.Read().Allocated / 1048576.0);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {reading * (steps / Readings)}: {mebibytes[^1]:F1} MiB"));
        }

        return mebibytes[^1] <= 1.05 * mebibytes[0] ? 0 : 1;
    }
}
