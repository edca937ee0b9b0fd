using static TorchSharp.torch;

namespace Rlhf.Policies.Tests.Models;

internal static class Gradients
{
    /// <summary>Copies, by the names of the parameters that have one.</summary>
    public static Dictionary<string, Tensor> Of(nn.Module model) =>
        model.named_parameters().Where(one => one.parameter.grad is not null).ToDictionary(one => one.name, one => one.parameter.grad!.clone());
}
