using Rlhf.Foundation.Torch;
using Rlhf.Policies.Kernels;
using static TorchSharp.torch;

namespace Rlhf.Policies.Fused;

/// <summary>An optimizer's way through all parameters at once: pieces of a fixed size, shared out among the threads.</summary>
internal static unsafe class OptimizerStep
{
    private const int PieceSize = 1 << 14;

    /// <summary>√Σ x² over all of them, each piece's sum added to the others' in their order.</summary>
    public static double Norm(IReadOnlyList<Tensor> gradients)
    {
        var pieces = Pieces(gradients.Select(one => one.numel()));
        var work = new Squares(pieces, [.. gradients.Select(one => (nint)one.Floats())], new double[pieces.Count]);
        Threads.Share(pieces.Count, work);
        return Math.Sqrt(work.Sums.Sum());
    }

    /// <summary>One step of AdamW.</summary>
    /// <param name="step">numbers of the step</param>
    /// <param name="weights">and of each its moments and its gradient, in the same order</param>
    public static void AdamW(AdamW step, IReadOnlyList<Tensor> weights, IReadOnlyList<Tensor> first, IReadOnlyList<Tensor> second, IReadOnlyList<Tensor> gradients)
    {
        var pieces = Pieces(weights.Select(one => one.numel()));
        nint[] Of(IReadOnlyList<Tensor> tensors) => [.. tensors.Select(one => (nint)one.Floats())];
        Threads.Share(pieces.Count, new Steps(step, pieces, Of(weights), Of(first), Of(second), Of(gradients)));
    }

    private static List<(int Tensor, long First, long Count)> Pieces(IEnumerable<long> sizes)
    {
        var pieces = new List<(int, long, long)>();
        foreach (var (tensor, size) in sizes.Index())
            for (long first = 0; first < size; first += PieceSize) pieces.Add((tensor, first, Math.Min(PieceSize, size - first)));
        return pieces;
    }

    private readonly struct Squares(List<(int Tensor, long First, long Count)> pieces, nint[] data, double[] sums) : ITasks
    {
        public double[] Sums => sums;

        public void Do(int task)
        {
            var (tensor, first, count) = pieces[task];
            sums[task] = SquareSum.Of((float*)data[tensor] + first, count);
        }
    }

    private readonly struct Steps(AdamW step, List<(int Tensor, long First, long Count)> pieces, nint[] weights, nint[] moments, nint[] squares, nint[] gradients) : ITasks
    {
        public void Do(int task)
        {
            var (tensor, first, count) = pieces[task];
            step.Step((float*)weights[tensor] + first, (float*)moments[tensor] + first, (float*)squares[tensor] + first, (float*)gradients[tensor] + first, count);
        }
    }
}
