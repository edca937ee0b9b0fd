using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Kernels;

/// <summary>
/// Draws a token of each row: the one at which the sum of probabilities, in the order of the columns and in float64, passes a uniform
/// number. Sums of runs of 256 columns come first; within the run that the number falls into, columns one by one.
/// </summary>
internal static unsafe class Draw
{
    private const int Run = 16 * Panels.Chunk;

    /// <param name="logits">[rows, columns], see <see cref="SoftmaxRows"/></param>
    /// <param name="rows">how many</param>
    /// <param name="columns">how many</param>
    /// <param name="scale">1/T</param>
    /// <param name="uniforms">[rows] in [0, 1)</param>
    /// <param name="tokens">[rows]; where logits are no numbers, some token</param>
    /// <param name="logProbs">[rows]; where logits are no numbers, none either</param>
    public static void Tokens(Panels logits, int rows, int columns, float scale, float* uniforms, long* tokens, float* logProbs)
    {
        if (Vector512.IsHardwareAccelerated) Tokens<Lanes512>(logits, rows, columns, scale, uniforms, tokens, logProbs);
        else if (Vector256.IsHardwareAccelerated) Tokens<Lanes256>(logits, rows, columns, scale, uniforms, tokens, logProbs);
        else Tokens<Lanes128>(logits, rows, columns, scale, uniforms, tokens, logProbs);
    }

    internal static void Tokens<L>(Panels logits, int rows, int columns, float scale, float* uniforms, long* tokens, float* logProbs)
        where L : struct, ILanes<L>
    {
        var runs = (columns + Run - 1) / Run;
        var exponentials = stackalloc float[Run];
        var own = new float[3 * rows];
        fixed (float* numbers = own)
        {
            SoftmaxRows.Sums<L>(logits, rows, columns, scale, numbers);
            for (var row = 0; row < rows; row++)
            {
                // The parts add up to a total of their own: the number has to fall below it.
                double total = 0;
                for (var run = 0; run < runs; run++) total += Exponentials<L>(logits, row, run * Run, columns, scale, numbers[row], exponentials);
                var passes = uniforms[row] * total;
                tokens[row] = Passed<L>(logits, row, columns, scale, numbers[row], passes, exponentials);
                logProbs[row] = (logits.At(row, tokens[row] / Panels.Chunk)[tokens[row] % Panels.Chunk] - numbers[row]) * scale - MathF.Log(numbers[rows + row]);
            }
        }
    }

    private static int Passed<L>(Panels logits, int row, int columns, float scale, float largest, double passes, float* exponentials)
        where L : struct, ILanes<L>
    {
        double before = 0;
        for (var first = 0; first < columns; first += Run)
        {
            var after = before + Exponentials<L>(logits, row, first, columns, scale, largest, exponentials);
            if (!(after > passes))
            {
                before = after;
                continue;
            }

            // The last with a probability, where rounding keeps the sum from passing.
            var last = first;
            for (var i = 0; i < Math.Min(Run, columns - first); i++)
            {
                if (exponentials[i] > 0) last = first + i;
                before += exponentials[i];
                if (before > passes) return first + i;
            }

            return last;
        }

        return columns - 1;
    }

    /// <summary>e^((z − M)·scale) of a run of columns, and their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Exponentials<L>(Panels logits, int row, int first, int columns, float scale, float largest, float* to)
        where L : struct, ILanes<L>
    {
        L factor = L.All(scale), most = L.All(largest);
        var lanes = stackalloc float[Panels.Chunk];
        var end = Math.Min(first + Run, Panels.Padded(columns));
        for (var lane = 0; lane < Panels.Chunk; lane += L.Count)
        {
            var sum = L.Zero;
            for (var column = first; column < end; column += Panels.Chunk)
            {
                var p = Exponential.Of(L.Multiply(L.Subtract(L.Load(logits.At(row, column / Panels.Chunk) + lane), most), factor));
                L.Store(to + column - first + lane, p);
                sum = L.Add(sum, p);
            }

            L.Store(lanes + lane, sum);
        }

        return LaneSum.Of(lanes);
    }
}
