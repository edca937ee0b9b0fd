using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks.Speed;

/// <summary>The times of a training step, beside the rate of a large product of the same type.</summary>
internal static class TrainStepCommand
{
    public static int Run(string[] args)
    {
        // train-step [--width 384] [--layers 6] … : one JSON object with the times of a training step, beside the rate of a large
        // product of the same type measured in the same process. The peer is benchmarks/peer_train_step.py, with the same options.
        var shape = Parse(args);
        using var step = new TrainingStep(shape);
        var (seconds, loss) = step.Run(shape.Steps);
        Array.Sort(seconds);
        var median = seconds[seconds.Length / 2];
        var peak = ProductRate(new Device(shape.Device), shape.Type);
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            peer = "rlhf", torch = Libtorch.Version.ToString(), threads = get_num_threads(), dtype = shape.Dtype, median_s = median, best_s = seconds[0],
            tokens_per_s = shape.Tokens / median, gflop = shape.Operations / 1e9, product_gflops = peak / 1e9, utilisation = shape.Operations / median / peak, loss,
        }));
        return 0;
    }

    private static StepShape Parse(string[] args)
    {
        var shape = new StepShape();
        if (args.Length % 2 != 0) throw new ArgumentException("options come in pairs: --width 384");
        for (var i = 0; i < args.Length; i += 2)
        {
            var text = args[i + 1];
            int Number() => int.Parse(text, CultureInfo.InvariantCulture);
            shape = args[i] switch
            {
                "--width" => shape with { Width = Number() },
                "--layers" => shape with { Layers = Number() },
                "--heads" => shape with { Heads = Number() },
                "--vocabulary" => shape with { Vocabulary = Number() },
                "--batch" => shape with { Batch = Number() },
                "--length" => shape with { Length = Number() },
                "--steps" => shape with { Steps = Number() },
                "--dtype" => shape with { Dtype = text },
                "--device" => shape with { Device = text },
                _ => throw new ArgumentException($"no option {args[i]}"),
            };
        }

        return shape;
    }

    private static double ProductRate(Device device, ScalarType type)
    {
        const int Size = 2048;
        using var scope = NewDisposeScope();
        Tensor a = randn([Size, Size]).to(type, device), b = randn([Size, Size]).to(type, device);
        var best = double.PositiveInfinity;
        for (var i = 0; i < 6; i++)
        {
            var clock = Stopwatch.StartNew();
            using var product = a.mm(b);
            product[0, 0].to(CPU).Dispose();
            best = Math.Min(best, clock.Elapsed.TotalSeconds);
        }

        return 2.0 * Size * Size * Size / best;
    }
}
