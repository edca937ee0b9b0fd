using System.Runtime.InteropServices;

namespace Rlhf.Foundation.Torch;

/// <summary>
/// libtorch's own product of a block in bfloat16 with sums in float32, for which oneDNN makes code for the processor at hand. There is
/// no C interface to it, so it is called by its mangled name; where that is not there, nothing is multiplied by it.
/// </summary>
internal static unsafe class BFloat16Products
{
    private static readonly Lazy<(nint Product, nint Release)> s_found = new(Find);

    /// <summary>Whether there is one, and the processor has instructions for it.</summary>
    public static bool AreOffered => s_found.Value.Product != 0;

    /// <summary>C = A·B, or C += A·B.</summary>
    /// <param name="rows">of A and C</param>
    /// <param name="columns">of B and C</param>
    /// <param name="inner">columns of A and rows of B, an even number</param>
    /// <param name="a">[rows, inner], <paramref name="aStep"/> to the next row</param>
    /// <param name="aStep">numbers</param>
    /// <param name="b">[inner/2, columns, 2]: rows in pairs, <paramref name="bStep"/> columns to the next pair</param>
    /// <param name="bStep">columns</param>
    /// <param name="c">[rows, columns], <paramref name="cStep"/> to the next row</param>
    /// <param name="cStep">numbers</param>
    /// <param name="adds">whether to what is there</param>
    public static void Run(long rows, long columns, long inner, ushort* a, long aStep, ushort* b, long bStep, float* c, long cStep, bool adds) =>
        Run(s_found.Value.Product, rows, columns, inner, a, aStep, b, bStep, c, cStep, adds);

    /// <summary>The thread multiplies no more for now: other work may want what the processor holds for it (the tiles of AMX).</summary>
    public static void End() => End(s_found.Value.Release);

    private static void Run(nint product, long rows, long columns, long inner, ushort* a, long aStep, ushort* b, long bStep, float* c, long cStep, bool adds) =>
        ((delegate* unmanaged<long, long, long, long, long, long, byte, ushort*, ushort*, float*, byte, void>)product)(rows, columns, inner, aStep, bStep, cStep, adds ? (byte)1 : (byte)0, a, b, c, 1);

    private static void End(nint release) => ((delegate* unmanaged<byte, void>)release)(1);

    private static (nint Product, nint Release) Find()
    {
        // A limit that was set to oneDNN may leave it without any, and it would say so by an exception of C++.
        if (!Processor.MultipliesBFloat16 || Environment.GetEnvironmentVariable("ONEDNN_MAX_CPU_ISA") is not null || Environment.GetEnvironmentVariable("DNNL_MAX_CPU_ISA") is not null) return default;
        const string Space = "_ZN2at6native7cpublas";
        return NativeLibrary.TryGetExport(Libtorch.Cpu, $"{Space}6brgemmEllllllbPKN3c108BFloat16ES5_Pfb", out var product)
            && NativeLibrary.TryGetExport(Libtorch.Cpu, $"{Space}14brgemm_releaseEb", out var release)
            && IsAsKnown(product, release) ? (product, release) : default;
    }

    // Another version may mean something else by the same name: twice Σ (row + k)·(column − k), all of them small whole numbers.
    private static bool IsAsKnown(nint product, nint release)
    {
        const int Rows = 3, Inner = 32, Columns = 16;
        ushort* a = stackalloc ushort[Rows * Inner], b = stackalloc ushort[Inner * Columns];
        var c = stackalloc float[Rows * Columns];
        new Span<float>(c, Rows * Columns).Fill(1);
        for (var k = 0; k < Inner; k++)
        {
            for (var row = 0; row < Rows; row++) a[row * Inner + k] = Narrow(row + k);
            for (var column = 0; column < Columns; column++) b[(k / 2 * Columns + column) * 2 + k % 2] = Narrow(column - k);
        }

        for (var adds = 0; adds < 2; adds++) Run(product, Rows, Columns, Inner, a, Inner, b, Columns, c, Columns, adds > 0);
        End(release);
        for (var row = 0; row < Rows; row++)
            for (var column = 0; column < Columns; column++)
                if (c[row * Columns + column] != 2 * Enumerable.Range(0, Inner).Sum(k => (row + k) * (column - k))) return false;
        return true;

        static ushort Narrow(float number) => (ushort)(BitConverter.SingleToUInt32Bits(number) >> 16);
    }
}
