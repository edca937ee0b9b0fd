using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests;

/// <summary>Comparisons of tensors with literals.</summary>
internal static class Expect
{
    public static void Near(double[] expected, Tensor actual, double tolerance = 1e-6)
    {
        var numbers = Numbers(actual);
        Assert.Equal(expected.Length, numbers.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            var same = double.IsNaN(expected[i]) ? double.IsNaN(numbers[i]) : Math.Abs(expected[i] - numbers[i]) <= tolerance;
            Assert.True(same, $"element {i}: expected {expected[i]}, found {numbers[i]}; all: {string.Join(", ", numbers)}");
        }
    }

    public static void Near(double expected, Tensor actual, double tolerance = 1e-6) => Near([expected], actual, tolerance);

    public static double[] Numbers(Tensor tensor)
    {
        using var flat = tensor.detach().to_type(ScalarType.Float64).cpu().contiguous();
        return flat.data<double>().ToArray();
    }
}
