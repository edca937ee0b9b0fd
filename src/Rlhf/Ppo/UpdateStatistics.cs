using Rlhf.Foundation;
using Rlhf.Foundation.Jobs;
using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>Means over the tokens of one minibatch, or of all the minibatches of a step.</summary>
public sealed record UpdateStatistics
{
    private const int Count = 9;

    public double PolicyLoss { get; init; }

    public double ValueLoss { get; init; }

    public double TotalLoss { get; init; }

    public double ClipFraction { get; init; }

    public double ValueClipFraction { get; init; }

    /// <summary>½·mean((ln π − ln π_old)²)</summary>
    public double ApproximateKl { get; init; }

    /// <summary>mean(ρ − 1 − ln ρ), an estimate of KL(π_old‖π) per token</summary>
    public double UpdateKl { get; init; }

    public double RatioMean { get; init; }

    public double RatioMax { get; init; }

    /// <summary>Reads the numbers that <see cref="LossTerms"/> put into a tensor for each minibatch: one look at the device for all of them.</summary>
    /// <exception cref="NotFiniteException">A loss is not finite.</exception>
    internal static UpdateStatistics[] Read(IReadOnlyList<Tensor> minibatches)
    {
        if (minibatches.Count == 0) return [];
        using var scope = NewDisposeScope();
        return [.. stack(minibatches).to_type(ScalarType.Float64).cpu().data<double>().ToArray().Chunk(Count).Select(From)];
    }

    /// <summary>Numbers of two micro-batches as those of both: sums add up, the last is a maximum.</summary>
    internal static Tensor Add(Tensor a, Tensor b)
    {
        var last = a.shape[0] - 1;
        return cat([a.Plus(b).narrow(0, 0, last), maximum(a, b).narrow(0, last, 1)], 0);
    }

    /// <summary>The numbers of all processes as those of one; a process without a part of the minibatch has none.</summary>
    internal static Tensor OfAll(Collective job, Tensor? sums, Device device)
    {
        if (job.Size == 1) return sums!;
        using var scope = NewDisposeScope();
        var all = job.Gather(sums ?? zeros(Count, dtype: ScalarType.Float32, device: device));
        return all.Aggregate(Add).MoveToOuterDisposeScope();
    }

    /// <summary>The mean over minibatches; the largest ratio is the largest of all.</summary>
    public static UpdateStatistics Mean(IReadOnlyList<UpdateStatistics> parts) => parts.Count == 0 ? new() : new()
    {
        PolicyLoss = parts.Average(part => part.PolicyLoss),
        ValueLoss = parts.Average(part => part.ValueLoss),
        TotalLoss = parts.Average(part => part.TotalLoss),
        ClipFraction = parts.Average(part => part.ClipFraction),
        ValueClipFraction = parts.Average(part => part.ValueClipFraction),
        ApproximateKl = parts.Average(part => part.ApproximateKl),
        UpdateKl = parts.Average(part => part.UpdateKl),
        RatioMean = parts.Average(part => part.RatioMean),
        RatioMax = parts.Max(part => part.RatioMax),
    };

    private static UpdateStatistics From(double[] n) => !double.IsFinite(n[2]) ? throw new NotFiniteException($"the loss is {n[2]}") : new()
    {
        PolicyLoss = n[0],
        ValueLoss = n[1],
        TotalLoss = n[2],
        ClipFraction = n[3],
        ValueClipFraction = n[4],
        ApproximateKl = n[5],
        UpdateKl = n[6],
        RatioMean = n[7],
        RatioMax = n[8],
    };
}
