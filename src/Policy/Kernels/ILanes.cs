namespace Rlhf.Policies.Kernels;

/// <summary>
/// Float32 numbers that an instruction takes side by side. A kernel is written once, over lanes of any width, and compiled for
/// each: <see cref="Lanes512"/>, <see cref="Lanes256"/>, <see cref="Lanes128"/>.
/// </summary>
internal unsafe interface ILanes<T>
    where T : struct, ILanes<T>
{
    /// <summary>How many; a divisor of <see cref="Panels.Chunk"/>.</summary>
    static abstract int Count { get; }

    static abstract T Zero { get; }

    static abstract T Load(float* from);

    static abstract void Store(float* to, T x);

    static abstract T All(float x);

    /// <summary>a·b + c, rounded once.</summary>
    static abstract T Fma(T a, T b, T c);

    static abstract T Add(T a, T b);

    static abstract T Subtract(T a, T b);

    static abstract T Multiply(T a, T b);

    static abstract T Divide(T a, T b);

    static abstract T Root(T x);

    /// <summary>The larger; the second where one is no number.</summary>
    static abstract T Larger(T a, T b);

    /// <summary>The smaller; the second where one is no number.</summary>
    static abstract T Smaller(T a, T b);

    /// <summary>The nearest whole number, to even from halfway.</summary>
    static abstract T Rounded(T x);

    /// <summary>x·2ⁿ for whole n from −126 to 127.</summary>
    static abstract T TimesPowerOfTwo(T x, T n);

    /// <summary>0 where x is below the limit, elsewhere the value.</summary>
    static abstract T ZeroWhereBelow(T x, T limit, T value);
}
