using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

public static partial class Accelerator
{
    /// <summary>a·b for matrices of any strides; without a gradient.</summary>
    public static Tensor Product(Tensor a, Tensor b) => IsPlain(a) ? Libtorch.Product(a, b) : mm(a, b);

    /// <summary>sum += a·b; without a gradient.</summary>
    public static void AddProduct(Tensor sum, Tensor a, Tensor b)
    {
        if (IsPlain(a)) Libtorch.ProductAdd(sum, a, b);
        else sum.addmm_(a, b);
    }

    private static bool IsPlain(Tensor tensor) => tensor.device_type == DeviceType.CPU && tensor.dtype == ScalarType.Float32;
}
