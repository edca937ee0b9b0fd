using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Rlhf.Policies.Kernels;

/// <summary>float32 numbers rounded to bfloat16, to the nearest and from halfway to even, in the orders that libtorch's products read. With AVX-512 alone.</summary>
internal static unsafe class Narrow
{
    /// <summary>Row after row [rows, 16·chunks].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(Panels from, Extent rows, int chunks, ushort* to)
    {
        var step = chunks * Panels.Chunk;
        for (var chunk = 0; chunk < chunks; chunk++)
        {
            float* source = from.At(rows.First, chunk), end = source + rows.Count * Panels.Chunk;
            for (var target = to + chunk * Panels.Chunk; source < end; source += Panels.Chunk, target += step) Upper(Vector512.Load(source)).Store(target);
        }
    }

    /// <summary>16 columns of rows in pairs [rows/2, 16, 2]; an odd row has zeros beside it.</summary>
    /// <param name="from">row 0</param>
    /// <param name="step">numbers to the next row</param>
    /// <param name="rows">how many</param>
    /// <param name="to">where they go</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pairs(float* from, long step, int rows, ushort* to)
    {
        var odd = Vector512.Create(0xFFFF0000);
        for (var row = 0; row < rows; row += 2, from += 2 * step, to += 2 * Panels.Chunk)
        {
            var pair = Rounded(Vector512.Load(from)) >> 16;
            if (row + 1 < rows) pair |= Rounded(Vector512.Load(from + step)) & odd;
            pair.AsUInt16().Store(to);
        }
    }

    /// <summary>16 columns with rows and columns exchanged [16, rows], filled up with zeros to a multiple of 16.</summary>
    /// <param name="from">row 0, in a chunk</param>
    /// <param name="rows">how many</param>
    /// <param name="to">where they go</param>
    /// <param name="step">numbers to the next column's</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Turned(float* from, int rows, ushort* to, long step)
    {
        const int PairsOfRows = Panels.Chunk / 2;
        var pairs = stackalloc ushort[Panels.Chunk * Panels.Chunk];
        for (var row = 0; row < rows; row += Panels.Chunk, from += Panels.Chunk * Panels.Chunk, to += Panels.Chunk)
        {
            var count = Math.Min(Panels.Chunk, rows - row);
            if (count < Panels.Chunk) new Span<ushort>(pairs, Panels.Chunk * Panels.Chunk).Clear();
            Pairs(from, Panels.Chunk, count, pairs);
            // A pair of numbers moves as one of twice their size.
            for (var pair = 0; pair < PairsOfRows; pair += 4)
                for (var column = 0; column < Panels.Chunk; column += 4)
                    Transpose.Four((float*)pairs + pair * Panels.Chunk + column, Panels.Chunk, (float*)(to + column * step) + pair, step / 2);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> Upper(Vector512<float> x) => Avx512F.ConvertToVector256UInt16(Rounded(x) >> 16);

    // In the upper sixteen bits; what is no number stays so.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Rounded(Vector512<float> x)
    {
        var bits = x.AsUInt32();
        var nearest = bits + Vector512.Create(0x7FFFu) + ((bits >> 16) & Vector512.Create(1u));
        return Vector512.ConditionalSelect(Vector512.Equals(x, x).AsUInt32(), nearest, Vector512.Create(0x7FC00000u));
    }
}
