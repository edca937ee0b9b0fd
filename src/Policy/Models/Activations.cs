using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rlhf.Policies.Models;

internal static class Activations
{
    public static Tensor Apply(Activation activation, Tensor x) => activation switch
    {
        Activation.GeluTanh => GeluTanh(x),
        Activation.Gelu => functional.gelu(x),
        Activation.Silu => functional.silu(x),
        Activation.Relu => functional.relu(x),
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    // ½x(1 + tanh(√(2/π)(x + 0.044715x³))), Hendrycks and Gimpel 2016.
    private static Tensor GeluTanh(Tensor x) =>
        x.mul(0.5).mul(x.pow(3).mul(0.044715).add(x).mul(Math.Sqrt(2 / Math.PI)).tanh().add(1));
}
