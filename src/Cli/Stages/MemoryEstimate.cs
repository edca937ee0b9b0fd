using System.Globalization;
using Rlhf.Cli.Shell;
using Rlhf.Foundation.Torch;
using Rlhf.Policies.Families;
using Rlhf.Policies.Operators;
using TorchSharp;

namespace Rlhf.Cli.Stages;

/// <summary>The most memory a stage will need, foreseen from shapes: what <c>--dry-run</c> says.</summary>
/// <param name="Weights">all the time: weights, gradients, moments</param>
/// <param name="Activations">beyond them, at the moment that takes most</param>
internal sealed record MemoryEstimate(long Weights, long Activations)
{
    private const int Float32 = 4, BFloat16 = 2, Moments = 2;

    /// <summary>Logits are made for so many elements at a time.</summary>
    private const long LogitChunk = 1 << 24;

    /// <summary>The runtime and libtorch themselves.</summary>
    public const long Program = 256L << 20;

    public long Total => Program + Weights + Activations;

    public static MemoryEstimate Of(MemoryPlan plan)
    {
        var number = plan.Dtype == Precision.BFloat16 ? BFloat16 : Float32;
        // The weights it computes with and a gradient; the optimizer's moments, and beside narrow weights float32 ones.
        var spread = Float32 * (Moments + (number == Float32 ? 0 : 1));
        var whole = 2 * number + spread / (double)plan.Ranks;
        var weights = (long)(plan.Held(Upkeep.Trained).Sum(Parameters) * whole) + plan.Held(Upkeep.Adapted, Upkeep.Frozen).Sum(Parameters) * number + LaidOut(plan, number);
        var gradients = plan.Held(Upkeep.Trained).Sum(Parameters) * number;
        return new MemoryEstimate(weights, Math.Max(Learning(plan, number), Rollout(plan, number) - gradients));
    }

    /// <summary>Kernels keep weights beside themselves in the layout of a product: of what learns in a second one, for the way back.</summary>
    private static long LaidOut(MemoryPlan plan, int number) =>
        plan.InKernels ? number * (2 * plan.Learning.Sum(Parameters) + plan.Held(Upkeep.Frozen, Upkeep.Passing).Sum(Parameters)) : 0;

    /// <summary>A forward and a backward pass through everything that learns.</summary>
    private static long Learning(MemoryPlan plan, int number)
    {
        var kept = plan.Learning.Sum(shape => Around(shape) + (plan.GradientCheckpointing
            // On the CPU the allocator keeps the room of one layer in holes between the inputs.
            ? (long)shape.Layers * shape.Width + (plan.OnCpu ? Inner(plan, shape) : 0)
            : shape.Layers * Inner(plan, shape)));
        var oneLayer = plan.Learning.Select(shape => Backward(plan, shape) + (plan.GradientCheckpointing ? Inner(plan, shape) : 0)).DefaultIfEmpty(0).Max();
        // Of one chunk, in float32; their gradient takes their place, or in bfloat16 one of its own.
        var logits = plan.Learning.Select(shape => Math.Min(LogitChunk, plan.Tokens * shape.Vocabulary)).DefaultIfEmpty(0).Max() * (Float32 + (Computed(plan, number) == Float32 ? 0 : number));
        // Gradients of narrow weights are added up in float32 first.
        var sums = plan.InKernels && number != Float32 ? Float32 * plan.Held(Upkeep.Trained).Sum(Parameters) : 0;
        return plan.Tokens * Computed(plan, number) * (kept + oneLayer) + logits + sums;
    }

    /// <summary>Generation in a cache, then a forward pass of each model and the comparison of policy and reference. There are no gradients at that time, and models that go before an update are still there.</summary>
    private static long Rollout(MemoryPlan plan, int number)
    {
        var passing = plan.Held(Upkeep.Passing).Sum(Parameters) * number;
        if (plan.CachedTokens == 0 && passing == 0) return 0;
        var policy = plan.Models[0].Shape;
        var cache = plan.CachedTokens * policy.Layers * 2 * policy.KeyValueHeads * policy.HeadWidth * Computed(plan, number);
        var layer = plan.Tokens * Computed(plan, number) * plan.Models.Max(model => Around(model.Shape) + Inner(plan, model.Shape));
        // Logits of policy and reference, half a chunk each; where operators are composed, probabilities beside them.
        var comparison = (plan.OnCpu ? 2L : 3L) * Float32 * Math.Min(LogitChunk / 2, plan.Tokens * policy.Vocabulary);
        // What tokens were drawn from is kept on a CPU in float32 alone.
        var drawn = plan.OnCpu && number == Float32 ? plan.DrawnTokens * policy.Width * number : 0;
        return drawn + Math.Max(cache, layer + comparison + passing);
    }

    public static long Parameters(TransformerConfig shape)
    {
        long width = shape.Width, hidden = shape.Hidden;
        var layer = width * shape.QueryKeyValueWidth + (long)shape.Heads * shape.HeadWidth * width + (shape.GatedFeedForward ? 3 : 2) * width * hidden
            + (shape.QueryKeyValueBias ? shape.QueryKeyValueWidth : 0) + (shape.AttentionOutputBias ? width : 0) + (shape.FeedForwardBias ? hidden + width : 0)
            + 2 * Norm(shape);
        var embeddings = (shape.TiedHead ? 1 : 2) * shape.Vocabulary * width + (shape.Rotary is null ? shape.Context * width : 0);
        return embeddings + shape.Layers * layer + Norm(shape);
    }

    /// <summary>Says it, and warns where the machine has less.</summary>
    public void Tell(string stage, string advice, CommandContext context, torch.Device device)
    {
        var total = DeviceMemory.Of(device).Total;
        context.Progress.Note($"{stage}: about {Text(Total)} of memory at its peak ({Text(Weights)} of weights, gradients and moments, {Text(Activations)} of activations); {device.type.ToString().ToLowerInvariant()} has {Text(total)}");
        if (Total > total) context.Progress.Warn($"{stage} may run out of memory: {advice}");
    }

    public static string Text(long bytes) => bytes >= 1L << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, bytes >> 20)} MiB");

    /// <summary>Bytes of a number between a model's products.</summary>
    private static int Computed(MemoryPlan plan, int number) => plan.InKernels ? Float32 : number;

    private static long Norm(TransformerConfig shape) => shape.Norm == Normalization.Layer ? 2L * shape.Width : shape.Width;

    /// <summary>Numbers of a token that the backward pass of one layer reads again: its input, both norms' outputs, queries, keys, values, what attention gave, what the second norm read, and the feed-forward's inner values before and after the nonlinearity.</summary>
    private static long Inner(MemoryPlan plan, TransformerConfig shape) =>
        (shape.ParallelResidual ? 3L : 4L) * shape.Width + shape.QueryKeyValueWidth + (long)shape.Heads * shape.HeadWidth + FeedForwardValues(shape) + Scores(plan, shape);

    /// <summary>Gradients of a token that are there at once in the backward pass of one layer; in kernels those of inner values take these values' place.</summary>
    private static long Backward(MemoryPlan plan, TransformerConfig shape) => shape.Width + (plan.InKernels ? 0 : FeedForwardValues(shape) + 2 * Scores(plan, shape));

    /// <summary>What attention weighs the other tokens by, where it is written as two products.</summary>
    private static long Scores(MemoryPlan plan, TransformerConfig shape) =>
        PlainAttention.Serves(plan.OnCpu && !plan.InKernels && plan.Dtype == Precision.BFloat16, plan.Longest, shape.AttentionCap) ? shape.Heads * plan.Longest : 0;

    /// <summary>Before and after the last layer: the last norm's input and output, the rows that predict, and the gradients of these.</summary>
    private static long Around(TransformerConfig shape) => 6L * shape.Width;

    private static long FeedForwardValues(TransformerConfig shape) => (shape.GatedFeedForward ? 3L : 2L) * shape.Hidden;
}
