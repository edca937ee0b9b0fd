using System.Globalization;
using Rlhf.Policies.Accelerators;
using Rlhf.Policies.Models;
using TorchSharp;

namespace Rlhf.Program;

/// <summary>What a model in memory is kept for.</summary>
internal enum Upkeep
{
    /// <summary>Only read: its weights.</summary>
    Frozen,

    /// <summary>Trained through adapters: its weights are only read, but the backward pass goes through it.</summary>
    Adapted,

    /// <summary>Trained: float32 weights, gradients and AdamW's two moments, and what a backward pass has to keep.</summary>
    Trained,
}

/// <summary>A model a stage holds.</summary>
internal readonly record struct HeldModel(TransformerConfig Shape, Upkeep Upkeep);

/// <summary>The most memory a stage will need, foreseen from shapes: what <c>--dry-run</c> says.</summary>
internal sealed record MemoryEstimate(long Weights, long Activations)
{
    private const int Float32 = 4, BFloat16 = 2, Moments = 2;

    /// <summary>Logits are made for so many elements at a time.</summary>
    private const long LogitChunk = 1 << 24;

    /// <summary>The runtime and libtorch themselves.</summary>
    public const long Program = 300L << 20;

    public long Total => Program + Weights + Activations;

    /// <param name="tokens">that go through a model at once, padding included</param>
    public static MemoryEstimate Of(IReadOnlyList<HeldModel> models, long tokens, Precision dtype)
    {
        var number = dtype == Precision.BFloat16 ? BFloat16 : Float32;
        // float32 weights and moments, a gradient, and in bfloat16 the weights it computes with.
        var whole = Float32 * (1 + Moments) + number + (number == Float32 ? 0 : number);
        var weights = models.Sum(model => Parameters(model.Shape) * (model.Upkeep == Upkeep.Trained ? whole : number));
        var learning = models.Where(model => model.Upkeep != Upkeep.Frozen).ToArray();
        var kept = learning.Sum(model => tokens * model.Shape.Layers * KeptPerTokenAndLayer(model.Shape) * number);
        // Logits of one chunk and their gradient, in float32.
        var logits = learning.Select(model => 2L * Float32 * Math.Min(LogitChunk, tokens * model.Shape.Vocabulary)).DefaultIfEmpty(0).Max();
        return new MemoryEstimate(weights, kept + logits);
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
    public void Tell(string stage, CommandContext context, torch.Device device)
    {
        var total = Accelerator.Memory(device).Total;
        context.Progress.Note($"{stage}: about {Text(Total)} of memory at its peak ({Text(Weights)} of weights, gradients and moments, {Text(Activations)} of activations); {device.type.ToString().ToLowerInvariant()} has {Text(total)}");
        if (Total > total) context.Progress.Warn($"{stage} may run out of memory: lower micro_batch_tokens (the numbers stay the same), or set dtype=bfloat16");
    }

    public static string Text(long bytes) => bytes >= 1L << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, bytes >> 20)} MiB");

    private static long Norm(TransformerConfig shape) => shape.Norm == Normalization.Layer ? 2L * shape.Width : shape.Width;

    /// <summary>Numbers that the backward pass of one layer reads again: its inputs, both norms' outputs, queries, keys, values, what attention gave, and the feed-forward's inner values before and after the nonlinearity.</summary>
    private static long KeptPerTokenAndLayer(TransformerConfig shape) =>
        4L * shape.Width + shape.QueryKeyValueWidth + (long)shape.Heads * shape.HeadWidth + (shape.GatedFeedForward ? 3L : 2L) * shape.Hidden;
}
