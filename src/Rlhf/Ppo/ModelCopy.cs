using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>A model with the same weights in storage of its own.</summary>
internal static class ModelCopy
{
    public static CausalLm Of(CausalLm original)
    {
        using var off = no_grad();
        var weights = original.named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter);
        return new CausalLm(original.Config, (name, _) => weights[name].detach().clone());
    }
}
