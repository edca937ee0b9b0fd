using static TorchSharp.torch;

namespace Rlhf.Policies.Operators;

/// <summary>√Σx² over all numbers of many tensors, in float32.</summary>
internal static class GradientNorm
{
    // The operator takes a number of libtorch's variant type, which its C interface cannot carry; a script can.
    private static readonly Lazy<jit.CompilationUnit> s_script = new(Compile);

    /// <returns>[], on the tensors' device.</returns>
    public static Tensor Of(Tensor[] tensors) => s_script.Value.invoke<Tensor>("norm", (object)tensors);

#pragma warning disable RS0030 // A syntax error would end the process: this has none.
    private static jit.CompilationUnit Compile() => jit.compile("""
        def norm(tensors: List[Tensor]) -> Tensor:
            return torch.stack(torch._foreach_norm(tensors, 2, 6)).norm()

        """);
#pragma warning restore RS0030
}
