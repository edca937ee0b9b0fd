using System.Runtime.CompilerServices;

namespace Rlhf.Policies.Kernels;

/// <summary>x·σ(x) (Elfwing et al. 2018).</summary>
internal readonly struct Silu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Value<L>(L x)
        where L : struct, ILanes<L> => L.Multiply(x, Sigmoid.Of(x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (L Value, L Slope) Both<L>(L x)
        where L : struct, ILanes<L>
    {
        var share = Sigmoid.Of(x);
        var value = L.Multiply(x, share);
        return (value, L.Fma(value, L.Subtract(L.All(1), share), share)); // σ + x·σ·(1 − σ)
    }
}

/// <summary>½x·(1 + tanh z) = x·σ(2z) with z = √(2/π)·(x + 0.044715·x³) (Hendrycks and Gimpel 2016).</summary>
internal readonly struct GeluTanh : IActivation
{
    private const float Root = 0.7978845608f, Cubic = 0.044715f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Value<L>(L x)
        where L : struct, ILanes<L> => L.Multiply(x, Sigmoid.Of(TwiceZ(x, L.Multiply(x, x))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (L Value, L Slope) Both<L>(L x)
        where L : struct, ILanes<L>
    {
        var square = L.Multiply(x, x);
        var share = Sigmoid.Of(TwiceZ(x, square));
        var value = L.Multiply(x, share);
        var slope = L.Fma(square, L.All(2 * Root * 3 * Cubic), L.All(2 * Root)); // of 2z
        return (value, L.Fma(L.Multiply(value, L.Subtract(L.All(1), share)), slope, share));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static L TwiceZ<L>(L x, L square)
        where L : struct, ILanes<L> => L.Multiply(x, L.Fma(square, L.All(2 * Root * Cubic), L.All(2 * Root)));
}

/// <summary>x·Φ(x) = ½x·(1 + erf(x/√2)), with erf by formula 7.1.26 of Abramowitz and Stegun, whose error is below 1.5·10⁻⁷.</summary>
internal readonly struct Gelu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Value<L>(L x)
        where L : struct, ILanes<L> => L.Multiply(x, Below(x, Density(x)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (L Value, L Slope) Both<L>(L x)
        where L : struct, ILanes<L>
    {
        var density = Density(x);
        var below = Below(x, density);
        return (L.Multiply(x, below), L.Fma(x, L.Multiply(density, L.All(0.3989422804f)), below)); // Φ + x·φ
    }

    // e^(−x²/2)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static L Density<L>(L x)
        where L : struct, ILanes<L> => Exponential.Of(L.Multiply(L.Multiply(x, x), L.All(-0.5f)));

    // Φ(x)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static L Below<L>(L x, L density)
        where L : struct, ILanes<L>
    {
        var magnitude = L.Larger(L.Subtract(L.Zero, x), x);
        var t = L.Divide(L.All(1), L.Fma(magnitude, L.All(0.3275911f * 0.7071067812f), L.All(1)));
        var p = L.Fma(t, L.All(1.061405429f), L.All(-1.453152027f));
        p = L.Fma(p, t, L.All(1.421413741f));
        p = L.Fma(p, t, L.All(-0.284496736f));
        p = L.Fma(p, t, L.All(0.254829592f));
        var tail = L.Multiply(L.Multiply(p, t), L.Multiply(density, L.All(0.5f))); // Φ(−|x|)
        return L.Add(tail, L.ZeroWhereBelow(x, L.Zero, L.Subtract(L.All(1), L.Add(tail, tail))));
    }
}

/// <summary>max(x, 0).</summary>
internal readonly struct Relu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Value<L>(L x)
        where L : struct, ILanes<L> => L.Larger(L.Zero, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (L Value, L Slope) Both<L>(L x)
        where L : struct, ILanes<L> =>
        (L.Larger(L.Zero, x), L.ZeroWhereBelow(x, L.All(float.Epsilon), L.All(1)));
}

/// <summary>σ(x) = 1/(1 + e⁻ˣ).</summary>
internal static class Sigmoid
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Of<L>(L x)
        where L : struct, ILanes<L> => L.Divide(L.All(1), Exponential.OneAndOfMinus(x));
}
