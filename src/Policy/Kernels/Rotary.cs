using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rlhf.Policies.Kernels;

/// <summary>
/// Turns pairs of columns of each head by the angle of a row's position (Su et al. 2021): (a, b) → (a·cos − b·sin, b·cos + a·sin),
/// a and b being the halves of what is turned; or back by the same angle, as gradients go.
/// </summary>
/// <param name="cosines">[positions, half]</param>
/// <param name="sines">[positions, half]</param>
/// <param name="half">pairs of a head</param>
internal readonly unsafe struct Rotary(float* cosines, float* sines, int half)
{
    private readonly float* _cosines = cosines;
    private readonly float* _sines = sines;
    private readonly int _half = half;

    /// <param name="x">[rows, heads], turned in place</param>
    /// <param name="positions">[rows]</param>
    /// <param name="heads">how many are turned, from the first chunk on</param>
    /// <param name="headChunks">chunks of each</param>
    /// <param name="rows">to do</param>
    public void Turn(Panels x, int* positions, int heads, int headChunks, Extent rows) => Turn(x, positions, heads, headChunks, rows, 1);

    public void TurnBack(Panels x, int* positions, int heads, int headChunks, Extent rows) => Turn(x, positions, heads, headChunks, rows, -1);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Turn(Panels x, int* positions, int heads, int headChunks, Extent rows, float sign)
    {
        for (var row = rows.First; row < rows.End; row++)
        {
            float* cosines = _cosines + (long)positions[row] * _half, sines = _sines + (long)positions[row] * _half;
            for (var head = 0; head < heads; head++)
            {
                var pair = 0;
                // Eights of both halves lie within a chunk where the halves are whole eights.
                if (_half % Vector256<float>.Count == 0)
                {
                    for (; pair < _half; pair += Vector256<float>.Count)
                    {
                        float* first = At(x, row, head * headChunks, pair), second = At(x, row, head * headChunks, _half + pair);
                        Vector256<float> a = Vector256.Load(first), b = Vector256.Load(second), cosine = Vector256.Load(cosines + pair), sine = Vector256.Load(sines + pair) * sign;
                        Vector256.FusedMultiplyAdd(a, cosine, -(b * sine)).Store(first);
                        Vector256.FusedMultiplyAdd(b, cosine, a * sine).Store(second);
                    }
                }

                for (; pair < _half; pair++)
                {
                    float* first = At(x, row, head * headChunks, pair), second = At(x, row, head * headChunks, _half + pair);
                    var (a, b, sine) = (*first, *second, sines[pair] * sign);
                    *first = MathF.FusedMultiplyAdd(a, cosines[pair], -(b * sine));
                    *second = MathF.FusedMultiplyAdd(b, cosines[pair], a * sine);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* At(Panels x, int row, int chunk, int column) => x.At(row, chunk + column / Panels.Chunk) + column % Panels.Chunk;
}
