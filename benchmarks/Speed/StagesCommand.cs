using System.Diagnostics;
using System.Globalization;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Kernels;
using Rlhf.Policies.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks.Speed;

/// <summary>What each stage of a training step takes in kernels, one after the other on one thread, and how far products are from the processor's best.</summary>
internal static class StagesCommand
{
    private const int Repeats = 7;

    /// <summary>stages [a|b] [sequences] [length] [asked] [bfloat16]</summary>
    public static int Run(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var isNarrow = args.Contains("bfloat16");
        args = [.. args.Where(arg => arg != "bfloat16")];
        int At(int i, int otherwise) => args.Length > i ? int.Parse(args[i]) : otherwise;
        var config = args.Length > 0 && args[0] == "b" ? TransformerConfig.Gpt2(4096, 384, 6, 6, 64) : TransformerConfig.Gpt2(512, 128, 4, 4, 64);
        int sequences = At(1, 64), length = At(2, 31), asked = At(3, 24);
        using var scope = NewDisposeScope();
        using var model = CausalLm.Create(config with { Context = Math.Max(64, length) }, seed: 1).to(isNarrow ? ScalarType.BFloat16 : ScalarType.Float32);
        using var trunk = new PackedTrunk(new TrunkShape(model.Config), isNarrow);
        trunk.Take(model.Trunk.Weights(), backward: true);
        var batch = new RaggedBatch([.. Enumerable.Repeat(length, sequences)], [.. Enumerable.Range(0, sequences * length).Where(row => row % length >= length - asked)]);
        unsafe
        {
            for (var row = 0; row < batch.Rows; row++) (batch.Tokens[row], batch.Positions[row]) = (row * 7 % config.Vocabulary, row % length);
        }

        using var pass = new TrunkPass(trunk, batch, Keeping.Everything);
        var rows = (long)batch.Rows;
        var total = 0.0;
        var forward = new ForwardStages(pass);
        long width = config.Width, hidden = config.Hidden;
        Say("embed", 0, () => forward.Do(Stage.Embed, 0, Extent.Of(batch.Rows), default), 1);
        for (var stage = Stage.AttentionNorm; stage <= Stage.Down; stage++)
        {
            var flops = stage switch { Stage.QueryKeyValue => 6 * width * width * rows, Stage.Output => 2 * width * width * rows, Stage.Up or Stage.Down => 2 * width * hidden * rows, _ => 0 };
            if (stage == Stage.Attend) Say("attend", 0, () => EachHead(batch, config, (sequence, head) => forward.Attend(0, sequence, head)), config.Layers);
            else if (stage != Stage.Ask) Say(stage.ToString(), flops, () => forward.Do(stage, 0, Extent.Of(batch.Rows), new Extent(0, forward.Panels(stage))), config.Layers);
        }

        for (var layer = 1; layer < config.Layers; layer++)
            for (var stage = Stage.AttentionNorm; stage <= Stage.Down; stage++)
            {
                if (stage == Stage.Attend) EachHead(batch, config, (sequence, head) => forward.Attend(layer, sequence, head));
                else if (stage != Stage.Ask || pass.Asks(layer)) forward.Do(stage, layer, Extent.Of(stage > Stage.Attend && pass.IsLast(layer) ? batch.AskedCount : batch.Rows), new Extent(0, forward.Panels(stage)));
            }

        forward.Do(Stage.LastNorm, 0, Extent.Of(batch.AskedCount), default);
        Console.WriteLine($"{"forward",-28} {total * 1e3,9:0.000} ms");
        var before = total;
        var towards = randn(batch.AskedCount, config.Width);
        unsafe
        {
            var backward = new BackwardStages(pass, towards.Floats(), new TrunkGradients());
            Say("last norm", 0, () => EachSegment(batch, segment => backward.DoSegment(BackStage.LastNorm, 0, segment)), 1);
            for (var stage = BackStage.Down; stage <= BackStage.AttentionNorm; stage++)
            {
                var flops = stage switch { BackStage.QueryKeyValue => 6 * width * width * rows, BackStage.Output => 2 * width * width * rows, BackStage.Up or BackStage.Down => 2 * width * hidden * rows, _ => 0 };
                if (stage == BackStage.Attend) Say("attend, back", 0, () => EachHead(batch, config, (sequence, head) => backward.Attend(0, sequence, head)), config.Layers);
                else if (stage is BackStage.FeedForwardNorm or BackStage.AttentionNorm) Say($"{stage}, back", 0, () => EachSegment(batch, segment => backward.DoSegment(stage, 0, segment)), config.Layers);
                else if (stage != BackStage.Spread) Say($"{stage}, back", flops, () => backward.Do(stage, 0, Extent.Of(batch.Rows), new Extent(0, backward.Panels(stage))), config.Layers);
            }

            Console.WriteLine($"{"backward of rows",-28} {(total - before) * 1e3,9:0.000} ms");
            before = total;
            var tasks = backward.Weights(0).ToList();
            Say("weights", 2 * rows * (4 * width * width + 2 * width * hidden), () => tasks.ForEach(task => task.Do()), config.Layers);
        }

        Say("laying weights out", 0, () =>
        {
            using var fresh = new PackedTrunk(new TrunkShape(model.Config), isNarrow);
            fresh.Take(model.Trunk.Weights(), backward: true);
        }, 1);
        var parameters = model.parameters().ToArray();
        var zeros = Array.ConvertAll(parameters, one => zeros_like(one).to(ScalarType.Float32));
        Say("gradient norm", 0, () => OptimizerStep.Norm(zeros), 1);
        Say("AdamW", 0, () => OptimizerStep.AdamW(new AdamW(1, 0.9f, 0.99f, 1, 0, 1, 1e-8f), zeros, zeros, zeros, zeros), 1);
        Console.WriteLine($"{"all",-28} {total * 1e3,9:0.000} ms on one thread");
        return 0;

        void Say(string what, long flops, Action work, int layers)
        {
            var best = double.MaxValue;
            for (var i = 0; i < Repeats; i++)
            {
                var watch = Stopwatch.StartNew();
                work();
                best = Math.Min(best, watch.Elapsed.TotalSeconds);
            }

            total += best * layers;
            Console.WriteLine($"{what,-28} {best * layers * 1e3,9:0.000} ms{(flops > 0 ? $" {flops / best / 1e9,8:0} GFLOP/s" : "")}");
        }
    }

    private static void EachHead(RaggedBatch batch, TransformerConfig config, Action<int, int> work)
    {
        for (var sequence = 0; sequence < batch.Sequences.Length; sequence++)
            for (var head = 0; head < config.KeyValueHeads; head++)
                work(sequence, head);
    }

    private static void EachSegment(RaggedBatch batch, Action<int> work)
    {
        for (var segment = 0; segment < batch.Segments.Length; segment++) work(segment);
    }
}
