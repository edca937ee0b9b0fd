using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

public static partial class Accelerator
{
    /// <summary>Whether the processor multiplies bfloat16 faster than float32; elsewhere such matrices are widened first.</summary>
    public static bool HasHalfProducts => Libtorch.HasHalfProducts;

    /// <summary>a·b for matrices of any strides; without a gradient.</summary>
    public static Tensor Product(Tensor a, Tensor b) => TransformerKernels.Take(a) ? Libtorch.Product(a, b) : mm(a, b);

    /// <summary>sum += a·b; without a gradient.</summary>
    public static void AddProduct(Tensor sum, Tensor a, Tensor b)
    {
        if (sum.device_type == DeviceType.CPU && sum.dtype == ScalarType.Float32 && a.dtype == ScalarType.Float32) Libtorch.ProductAdd(sum, a, b);
        else sum.addmm_(a, b);
    }
}
