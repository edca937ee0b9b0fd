using System.Globalization;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Foundation.Torch;

/// <summary>
/// Does TorchSharp read the tensors of this libtorch? Its inline code knows where the fields of a tensor lie, and a libtorch that
/// lays them out otherwise loads without a word and gives wrong sizes. Each answer is held to a literal.
/// </summary>
internal static class FitCheck
{
    /// <summary>What was read wrong; null where all is right.</summary>
    public static string? OnCpu() => Failure(CPU);

    /// <summary>The same on a card.</summary>
    public static string? OnGpu() => Failure(CUDA);

    private static string? Failure(Device device)
    {
        foreach (var (what, ask, expected) in Questions(device))
        {
            string answer;
            try
            {
                using var scope = NewDisposeScope();
                answer = ask();
            }
            catch (Exception error) when (error is ExternalException or InvalidOperationException or EntryPointNotFoundException or ArgumentException or OverflowException)
            {
                answer = error.Message.Split('\n')[0];
            }

            if (answer != expected) return $"{what}{(device.type == DeviceType.CPU ? "" : " on the GPU")} is read as {answer}, and is {expected}";
        }

        return null;
    }

    private static IEnumerable<(string What, Func<string> Ask, string Expected)> Questions(Device device)
    {
        Tensor Known() => zeros([2, 3, 5], ScalarType.BFloat16, device);
        yield return ("the size of a [2, 3, 5] tensor", () => Known() is var one ? $"{one.dim()} {one.numel()}" : "", "3 30");
        yield return ("its type", () => Known().dtype.ToString(), "BFloat16");
        yield return ("its device", () => Known().device_type.ToString(), device.type.ToString());
        yield return ("its strides", () => Numbers(Known().stride()), "15,5,1");
        yield return ("a product", () => Numbers(mm(Counted(2, 3, device), Counted(3, 4, device)).cpu().data<float>().ToArray()), "20,23,26,29,56,68,80,92");
        yield return ("a gradient", () => Gradient(device), "108");
        yield return ("attention", () => Attention(device), "64 64");
    }

    /// <summary>0, 1, 2, … in rows.</summary>
    private static Tensor Counted(long rows, long columns, Device device) => Arithmetic.Range(rows * columns, device).to(ScalarType.Float32).reshape(rows, columns);

    /// <summary>Of Σ(1·w)² for a matrix w of ones: each of its nine elements has 2·2·3.</summary>
    private static string Gradient(Device device)
    {
        var weights = ones([3, 3], ScalarType.Float32, device).requires_grad_(true);
        Autograd.Backward(mm(ones([2, 3], ScalarType.Float32, device), weights).square().sum());
        return Text(weights.grad!.sum());
    }

    /// <summary>Values of ones, whatever they are weighted by, and the gradient of their sum.</summary>
    private static string Attention(Device device)
    {
        var values = ones([1, 2, 4, 8], ScalarType.Float32, device).requires_grad_(true);
        var queries = Counted(8, 8, device).reshape(1, 2, 4, 8);
        var found = nn.functional.scaled_dot_product_attention(queries, queries, values, is_casual: true);
        Autograd.Backward(found.sum());
        return $"{Text(found.sum())} {Text(values.grad!.sum())}";
    }

    private static string Text(Tensor number) => Math.Round(number.cpu().item<float>(), 3).ToString(CultureInfo.InvariantCulture);

    private static string Numbers<T>(IEnumerable<T> numbers) where T : IFormattable => string.Join(",", numbers.Select(number => number.ToString(null, CultureInfo.InvariantCulture)));
}
