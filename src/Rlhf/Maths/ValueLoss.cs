using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Maths;

/// <summary>The critic's loss per token, ½(V − R)², plain or clipped around the values of the rollout.</summary>
internal static class ValueLoss
{
    public static Tensor PerToken(Tensor values, Tensor returns) => (values - returns).square() * Number.Of(0.5);

    /// <summary>
    /// <c>½·max((V−R)², (clip(V, V_old−ε, V_old+ε)−R)²)</c>: a value may not move further than ε in one update
    /// (OpenAI baselines' PPO2; Ziegler et al. 2019).
    /// </summary>
    public static Tensor PerToken(Tensor values, Tensor oldValues, Tensor returns, double clip)
    {
        var near = maximum(minimum(values, oldValues.Plus(clip)), oldValues.Plus(-clip));
        return maximum((values - returns).square(), (near - returns).square()) * Number.Of(0.5);
    }

    /// <summary>True where the clip decided the loss.</summary>
    public static Tensor Clipped(Tensor values, Tensor oldValues, Tensor returns, double clip)
    {
        var near = maximum(minimum(values, oldValues.Plus(clip)), oldValues.Plus(-clip));
        return (near - returns).square() > (values - returns).square();
    }
}
