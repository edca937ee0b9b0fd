using static TorchSharp.torch;

namespace Rlhf.TestSupport;

/// <summary>Comparisons of tensors with numbers.</summary>
internal static class Expect
{
    public static void Near(double[] expected, Tensor actual, double tolerance = 1e-6)
    {
        var numbers = Numbers(actual);
        Assert.Equal(expected.Length, numbers.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            var same = double.IsNaN(expected[i]) ? double.IsNaN(numbers[i]) : Math.Abs(expected[i] - numbers[i]) <= tolerance;
            Assert.True(same, $"element {i}: expected {expected[i]}, found {numbers[i]}; all: {string.Join(", ", numbers.Take(100))}");
        }
    }

    public static void Near(double expected, Tensor actual, double tolerance = 1e-6) => Near([expected], actual, tolerance);

    /// <summary>Every element within a share of the largest one expected.</summary>
    public static void Close(Tensor expected, Tensor actual, double share)
    {
        Assert.Equal(expected.shape, actual.shape);
        var wanted = Numbers(expected);
        Near(wanted, actual, share * wanted.Max(Math.Abs));
    }

    public static void Same(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.Equal(Numbers(expected), Numbers(actual));
    }

    /// <summary>Whether two tensors have one shape and the same numbers (TorchSharp's equal answers element by element).</summary>
    public static bool IsSame(this Tensor one, Tensor other)
    {
        if (!one.shape.AsSpan().SequenceEqual(other.shape)) return false;
        using var same = one.eq(other).all();
        return same.item<bool>();
    }

    public static double[] Numbers(Tensor tensor)
    {
        using var flat = tensor.detach().to(ScalarType.Float64).cpu().contiguous();
        return flat.data<double>().ToArray();
    }
}
