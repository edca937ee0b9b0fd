using static TorchSharp.torch;

namespace Rlhf.Foundation.Torch;

/// <summary>Sums without TorchSharp's hidden factor of 1, a <see cref="TorchSharp.Scalar"/> that nothing keeps alive (see <see cref="Number"/>).</summary>
internal static class Arithmetic
{
    public static Tensor Plus(this Tensor one, Tensor other) => one.add(other, Number.Of(1));

    public static Tensor Plus(this Tensor one, double number) => one.add(Number.Of(number), Number.Of(1));

    public static Tensor Plus(this Tensor one, long number) => one.add(Number.Of(number), Number.Of(1));

    /// <summary>In place.</summary>
    public static Tensor Add(this Tensor one, Tensor other) => one.add_(other, Number.Of(1));

    /// <summary>In place.</summary>
    public static Tensor Add(this Tensor one, long number) => one.add_(Number.Of(number), Number.Of(1));

    /// <summary>start, start + 1, …, end − 1 as int64.</summary>
    public static Tensor Range(long start, long end, Device device) => arange(Number.Of(start), Number.Of(end), Number.Of(1), ScalarType.Int64, device);

    /// <summary>0, 1, …, count − 1 as int64.</summary>
    public static Tensor Range(long count, Device device) => Range(0, count, device);
}
