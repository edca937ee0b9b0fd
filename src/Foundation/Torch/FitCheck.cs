using System.Globalization;
using static TorchSharp.torch;

namespace Rlhf.Foundation.Torch;

/// <summary>
/// Does TorchSharp read the tensors of this libtorch? Its inline code knows where the fields of a tensor lie, and a libtorch that
/// lays them out otherwise loads without a word and gives wrong sizes.
/// </summary>
internal static class FitCheck
{
    /// <summary>What was read wrong, in words that follow the version; null where all is right.</summary>
    public static string? Failure()
    {
        foreach (var (what, found, expected) in Questions())
        {
            string answer;
            try
            {
                answer = found();
            }
            catch (Exception error) when (error is System.Runtime.InteropServices.ExternalException or InvalidOperationException or EntryPointNotFoundException or ArgumentException or OverflowException)
            {
                answer = error.Message.Split('\n')[0];
            }

            if (answer != expected) return $"does not fit: {what} is read as {answer}, and is {expected}";
        }

        return null;
    }

    private static IEnumerable<(string What, Func<string> Found, string Expected)> Questions()
    {
        yield return ("the size of a [2, 3, 5] tensor", () => Of(one => $"{one.dim()} {one.numel()}"), "3 30");
        yield return ("its type", () => Of(one => one.dtype.ToString()), "BFloat16");
        yield return ("its device", () => Of(one => one.device_type.ToString()), "CPU");
        yield return ("its strides", () => Of(one => string.Join(",", one.stride())), "15,5,1");
        yield return ("a product", Product, "20,23,26,29,56,68,80,92");
    }

    private static string Of(Func<Tensor, string> question)
    {
        using var one = zeros([2, 3, 5], ScalarType.BFloat16, CPU);
        return question(one);
    }

    private static string Product()
    {
        using var scope = NewDisposeScope();
        var product = mm(Arithmetic.Range(6, CPU).to(ScalarType.Float32).reshape(2, 3), Arithmetic.Range(12, CPU).to(ScalarType.Float32).reshape(3, 4));
        return string.Join(",", product.data<float>().ToArray().Select(number => number.ToString(CultureInfo.InvariantCulture)));
    }
}
