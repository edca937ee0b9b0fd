using System.Runtime.CompilerServices;

namespace Rlhf.Policies.Kernels;

/// <summary>
/// eˣ = 2ⁿ·eʳ with n = round(x/ln 2), r between ±½ ln 2 and eʳ ≈ 1 + r + r²·P(r) (the coefficients of Moshier's Cephes library);
/// within 2 units in the last place, 0 below −87.3, never above 2.4·10³⁸; not a number where x is none.
/// </summary>
internal static class Exponential
{
    private const float Lowest = -87.3f, Highest = 88.3f;

    /// <summary>1 + e⁻ˣ, where nobody can tell e⁻⁸⁷ from 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L OneAndOfMinus<L>(L x)
        where L : struct, ILanes<L> => L.Add(L.All(1), Within(L.Smaller(L.All(Highest), L.Larger(L.All(Lowest), L.Subtract(L.Zero, x)))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Of<L>(L x)
        where L : struct, ILanes<L>
    {
        var within = L.Smaller(L.All(Highest), L.Larger(L.All(Lowest), x)); // the second argument: what is no number stays so
        return L.ZeroWhereBelow(x, L.All(Lowest), Within(within));
    }

    /// <summary>For x within these limits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static L Within<L>(L within)
        where L : struct, ILanes<L>
    {
        var n = L.Rounded(L.Multiply(within, L.All(1.44269504f)));
        var r = L.Fma(n, L.All(-0.693359375f), within);
        r = L.Fma(n, L.All(2.12194440e-4f), r);
        var p = L.Fma(L.All(1.9875691500e-4f), r, L.All(1.3981999507e-3f));
        p = L.Fma(p, r, L.All(8.3334519073e-3f));
        p = L.Fma(p, r, L.All(4.1665795894e-2f));
        p = L.Fma(p, r, L.All(1.6666665459e-1f));
        p = L.Fma(p, r, L.All(5.0000001201e-1f));
        p = L.Add(L.Fma(p, L.Multiply(r, r), r), L.All(1));
        return L.TimesPowerOfTwo(p, n);
    }
}
