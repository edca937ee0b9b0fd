using Rlhf.Foundation.Jobs;
using Rlhf.Policies.Fused;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Randomness;
using Rlhf.Policies.Sft;
using Rlhf.Policies.Training;
using Rlhf.Ppo;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Cli.Bench;

/// <summary>How one model size is measured: so many rows of so many tokens, and so many generated after each.</summary>
public sealed record SpeedWorkload(int Rows, int Length, int NewTokens, int Repeats);

/// <summary>By kind of work: over 1 is faster.</summary>
public sealed record SpeedRatio(double Training, double Prefill, double Decode, double Ppo);

/// <summary>Tokens per second of one model size by kind of work, and the share of the machine's ceilings that is.</summary>
public sealed record ModelSpeed
{
    public required string Size { get; init; }

    public required long Parameters { get; init; }

    /// <summary>Forward, backward and AdamW.</summary>
    public required double Training { get; init; }

    /// <summary>Forward alone, no logits.</summary>
    public required double Prefill { get; init; }

    /// <summary>New tokens of all rows together.</summary>
    public required double Decode { get; init; }

    /// <summary>Episodes per second of whole PPO iterations, 4 epochs, with a value head.</summary>
    public required double PpoEpisodes { get; init; }

    /// <summary>Time of PPO's update over that of its matrix products alone.</summary>
    public required double UpdateToFloor { get; init; }

    /// <summary>Six operations a parameter and token, against the measured product.</summary>
    public required double TrainingOfProduct { get; init; }

    /// <summary>Two operations a parameter and token, against the measured product.</summary>
    public required double PrefillOfProduct { get; init; }

    /// <summary>The time that reading the weights once a step, or the step's products, takes at least, over the time it took.</summary>
    public required double DecodeOfFloor { get; init; }

    /// <summary>How many times as fast this is as the same computed by libtorch's operators alone, in turns with it; null where that was not asked for.</summary>
    public SpeedRatio? Ratio { get; init; }

    /// <summary>By kernels and composed, in turns because machines drift; of each the best.</summary>
    public static ModelSpeed MeasureAgainstComposed(string size, SpeedWorkload work, MachineCeilings ceilings, Device device, ScalarType type)
    {
        List<ModelSpeed> kernels = [], composed = [];
        for (var round = 0; round < work.Repeats; round++)
        {
            kernels.Add(Measure(size, work with { Repeats = 1 }, ceilings, device, type));
            using var off = KernelRule.Suspend();
            composed.Add(Measure(size, work with { Repeats = 1 }, ceilings, device, type));
        }

        ModelSpeed best = Best(kernels), other = Best(composed);
        return best with { Ratio = new SpeedRatio(best.Training / other.Training, best.Prefill / other.Prefill, best.Decode / other.Decode, best.PpoEpisodes / other.PpoEpisodes) };
    }

    public static ModelSpeed Measure(string size, SpeedWorkload work, MachineCeilings ceilings, Device device, ScalarType type)
    {
        var shape = NamedShapes.Of(size);
        using var all = NewDisposeScope();
        var model = CausalLm.Create(shape, seed: 1).to(device, type);
        var parameters = model.parameters().Sum(parameter => parameter.numel());
        // What multiplies each token: the embedding's rows are looked up, its product is the head's.
        var active = parameters - (shape.TiedHead ? 0L : (long)shape.Vocabulary * shape.Width) - (shape.Rotary is null ? (long)shape.Context * shape.Width : 0);
        var tokens = (double)work.Rows * work.Length;
        var training = MachineCeilings.Best(TrainingStep(model, work), device, work.Repeats);
        var prefill = MachineCeilings.Best(() => ReadAll(model, work, device), device, work.Repeats);
        var decode = MachineCeilings.Best(() => Generate(model, work), device, work.Repeats);
        var bytes = (type == ScalarType.BFloat16 ? 2.0 : 4.0) * active;
        var floor = work.NewTokens * Math.Max(bytes / ceilings.Bandwidth, 2.0 * active * work.Rows / ceilings.Product);
        var recipe = new PpoRecipe { Episodes = work.Rows, Epochs = 4, Sampling = new SamplingOptions { MaxNewTokens = work.NewTokens } };
        var iteration = new PpoIteration(shape, recipe, Math.Max(1, work.Length / 4), device, type).Measure(work.Repeats);
        return new ModelSpeed
        {
            Size = size,
            Parameters = parameters,
            Training = tokens / training,
            Prefill = tokens / prefill,
            Decode = work.Rows * work.NewTokens / decode,
            PpoEpisodes = work.Rows / iteration.Iteration,
            UpdateToFloor = iteration.UpdateToFloor,
            TrainingOfProduct = 6 * active * tokens / training / ceilings.Product,
            PrefillOfProduct = 2 * (active - (long)shape.Vocabulary * shape.Width) * tokens / prefill / ceilings.Product,
            DecodeOfFloor = floor / decode,
        };
    }

    private static ModelSpeed Best(List<ModelSpeed> rounds) => rounds[0] with
    {
        Training = rounds.Max(round => round.Training), Prefill = rounds.Max(round => round.Prefill), Decode = rounds.Max(round => round.Decode), PpoEpisodes = rounds.Max(round => round.PpoEpisodes),
        UpdateToFloor = rounds.Min(round => round.UpdateToFloor), TrainingOfProduct = rounds.Max(round => round.TrainingOfProduct),
        PrefillOfProduct = rounds.Max(round => round.PrefillOfProduct), DecodeOfFloor = rounds.Max(round => round.DecodeOfFloor),
    };

    private static Action TrainingStep(CausalLm model, SpeedWorkload work)
    {
        var optimizer = new ModelOptimizer(model.named_parameters(), new OptimizerOptions());
        SftExample[] rows = [.. Enumerable.Range(0, work.Rows).Select(row => new SftExample(Tokens(model, work.Length, row), [.. Enumerable.Repeat(true, work.Length)]))];
        // A GPU wants all at once, and has the room.
        var tokens = model.Trunk.Embedding.device_type == DeviceType.CUDA ? work.Rows * work.Length : new SftRecipe { Data = "none" }.MicroBatchTokens;
        var parts = MicroBatches.Split(Enumerable.Range(0, work.Rows), _ => work.Length, tokens).Select(part => part.Select(row => rows[row]).ToArray()).ToArray();
        return () =>
        {
            using var scope = NewDisposeScope();
            GradientAccumulation.Run(parts, part => SftLoss.Summed(model, part, 0), work.Rows * (work.Length - 1), Collective.Alone);
            optimizer.Step(1e-5);
        };
    }

    private static void ReadAll(CausalLm model, SpeedWorkload work, Device device)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        using var batch = TokenBatch.RightPadded([.. Enumerable.Range(0, work.Rows).Select(row => Tokens(model, work.Length, row))], 0, device);
        model.Trunk.Hidden(batch);
    }

    // From one token each, so that nothing but decoding is measured; without an end of text, so that all run to the last.
    private static void Generate(CausalLm model, SpeedWorkload work) =>
        new TextGenerator(model, null, 0) { BatchSize = work.Rows }.Generate(
            [.. Enumerable.Range(0, work.Rows).Select(row => Tokens(model, 1, row))], new SamplingOptions { MaxNewTokens = work.NewTokens },
            [.. Enumerable.Range(0, work.Rows).Select(row => new RandomKey(1, 0, row, 0))]);

    private static int[] Tokens(CausalLm model, int count, int row) =>
        [.. Enumerable.Range(0, count).Select(i => (int)(CounterRandom.Bits(new RandomKey(2, 0, row, 0), (uint)i) % (ulong)model.Config.Vocabulary))];
}
