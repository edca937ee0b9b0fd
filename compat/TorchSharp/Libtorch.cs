using System.Text;
using TorchSharp.Interop;

namespace TorchSharp;

/// <summary>
/// What libtorch offers and the real package does not: operators by name, fused optimizers, memory statistics,
/// streams and graphs. Only the product's one seam uses it.
/// </summary>
public static unsafe class Libtorch
{
    /// <summary>Whether this libtorch has an operator, by schema name ("_fused_adamw_", "gelu").</summary>
    public static bool HasOperator(string name) => Operators.Exists(name);

    public static int VersionNumber => Bridge.bridge_torch_version_number();
    public static bool HasMkldnn => Bridge.bridge_has_mkldnn() != 0;
    public static string BridgeLocation => Bridge.Location;

    /// <summary>libtorch's own words on its threads and math libraries.</summary>
    public static string ParallelInfo()
    {
        var text = stackalloc byte[4096];
        Bridge.Check(Bridge.bridge_describe(text, 4096), "parallel info");
        return Encoding.UTF8.GetString(System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
    }

    public static bool SetFlushDenormal(bool on) => Bridge.bridge_set_flush_denormal(on ? 1 : 0) != 0;

    /// <summary>GELU in its tanh form, one kernel forward and one backward.</summary>
    public static torch.Tensor GeluTanh(torch.Tensor input) => Operators.Call("gelu", input, "tanh");

    /// <summary>Attention in one operator where this libtorch has it.</summary>
    public static torch.Tensor ScaledDotProductAttention(torch.Tensor query, torch.Tensor key, torch.Tensor value, torch.Tensor? mask, bool causal, double scale) =>
        Operators.Call("scaled_dot_product_attention", query, key, value, mask, 0.0, causal, scale);

    public static bool HasScaledDotProductAttention => Operators.Exists("scaled_dot_product_attention");

    /// <summary>A matrix product into memory that is there already.</summary>
    public static void MatMulInto(torch.Tensor result, torch.Tensor left, torch.Tensor right) => Operators.Run("mm.out", left, right, result);

    /// <summary>
    /// a·b (+ bias) (+ residual) for matrices on the CPU, of any strides, in float32 or bfloat16. Each element is one chain of
    /// fused multiply-adds over k, so that a row's result depends neither on the other rows nor on the threads (in bfloat16
    /// that is libtorch's to say where <see cref="HasHalfProducts"/>).
    /// </summary>
    public static torch.Tensor Product(torch.Tensor a, torch.Tensor b, torch.Tensor? bias = null, torch.Tensor? residual = null) =>
        Operators.Call("bridge::product", a, b, bias, residual);

    /// <summary>Whether this processor multiplies bfloat16 faster than float32; elsewhere such matrices are widened first.</summary>
    public static bool HasHalfProducts => Bridge.bridge_has_half_products() != 0;

    /// <summary>c += a·b in place; rows of c are contiguous.</summary>
    public static void ProductAdd(torch.Tensor c, torch.Tensor a, torch.Tensor b) => Operators.Run("bridge::product_add_", c, a, b);

    /// <summary>A matrix b [K, N] laid out for many products with few rows.</summary>
    public static torch.Tensor Pack(torch.Tensor b) => Operators.Call("bridge::pack", b);

    /// <summary><see cref="Product"/> with a packed matrix of the given number of columns; the same numbers.</summary>
    public static torch.Tensor ProductPacked(torch.Tensor a, torch.Tensor packed, long columns, torch.Tensor? bias = null, torch.Tensor? residual = null) =>
        Operators.Call("bridge::product_packed", a, packed, columns, bias, residual);

    /// <summary>
    /// One AdamW step over many CPU parameters in a single pass of memory. Weights and moments are float32,
    /// gradients float32 or bfloat16; <paramref name="copies"/>, where given, receive the new weights in bfloat16.
    /// </summary>
    public static void FusedAdamW(torch.Tensor[] weights, torch.Tensor[] grads, torch.Tensor[] m, torch.Tensor[] v, torch.Tensor?[]? copies,
        double scale, double lr, double beta1, double beta2, double eps, double decay, long step)
    {
        IntPtr[] w = torch.autograd.Handles(weights), g = torch.autograd.Handles(grads), a = torch.autograd.Handles(m), b = torch.autograd.Handles(v);
        var c = copies is null ? null : Array.ConvertAll(copies, t => t is null ? 0 : t.handle);
        fixed (IntPtr* pw = w, pg = g, pa = a, pb = b, pc = c)
            Bridge.Check(Bridge.bridge_adamw(pw, pg, pa, pb, pc, w.Length, scale, lr, beta1, beta2, eps, decay, step), "adamw");
    }

    /// <summary>The L2 norm over all of many CPU tensors, float32 or bfloat16, summed in double precision.</summary>
    public static double Norm(torch.Tensor[] tensors)
    {
        double norm;
        fixed (IntPtr* handles = torch.autograd.Handles(tensors)) Bridge.Check(Bridge.bridge_norm(handles, tensors.Length, &norm), "norm");
        return norm;
    }

    /// <summary>The L2 norm of each tensor, in one call.</summary>
    public static torch.Tensor[] ForeachNorm(torch.Tensor[] tensors) => Operators.CallList("_foreach_norm.Scalar", tensors, 2L);
    public static void ForeachMul(torch.Tensor[] tensors, torch.Tensor factor)
    {
        if (Operators.Exists("_foreach_mul_.Tensor")) Operators.Run("_foreach_mul_.Tensor", tensors, factor);
        else foreach (var tensor in tensors) tensor.mul_(factor);
    }

    public static void ForeachZero(torch.Tensor[] tensors) => Operators.Run("_foreach_zero_", tensors);

    /// <summary>PyTorch's fused CUDA kernel for AdamW.</summary>
    public static void FusedAdamWCuda(torch.Tensor[] weights, torch.Tensor[] grads, torch.Tensor[] m, torch.Tensor[] v, torch.Tensor[] steps,
        double lr, double beta1, double beta2, double eps, double decay) =>
        Operators.Run("_fused_adamw_", weights, grads, m, v, Array.Empty<torch.Tensor>(), steps, lr, beta1, beta2, decay, eps, false, false);
}
