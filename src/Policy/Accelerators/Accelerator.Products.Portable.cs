using static TorchSharp.torch;

namespace Rlhf.Policies.Accelerators;

public static partial class Accelerator
{
    public static bool HasHalfProducts => true; // not measured

    public static Tensor Product(Tensor a, Tensor b) => mm(a, b);

    public static void AddProduct(Tensor sum, Tensor a, Tensor b) => sum.addmm_(a, b);
}
