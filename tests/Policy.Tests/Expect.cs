using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Tests;

/// <summary>Comparisons of tensors with numbers.</summary>
internal static class Expect
{
    public static void Near(double[] expected, Tensor actual, double tolerance)
    {
        var numbers = Numbers(actual);
        Assert.Equal(expected.Length, numbers.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - numbers[i]) <= tolerance, $"element {i}: expected {expected[i]}, found {numbers[i]}");
    }

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

    public static double[] Numbers(Tensor tensor)
    {
        using var flat = tensor.detach().to(ScalarType.Float64).cpu().contiguous();
        return flat.data<double>().ToArray();
    }
}
