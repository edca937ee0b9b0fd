using Rlhf.Foundation.Torch;
using Rlhf.Policies.Models;
using Rlhf.Rewards.Models;
using Parameter = TorchSharp.Modules.Parameter;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>The value function: V of the state in which each response token is chosen.</summary>
public abstract class Critic : WeightModule
{
    private const string WeightName = "value_weight", BiasName = "value_bias";

    private protected Critic(string name, Tensor weight, Tensor bias) : base(name)
    {
        Keep(WeightName, weight);
        Keep(BiasName, bias);
    }

    /// <summary>[1,D]</summary>
    public Parameter Weight => Kept(WeightName);

    /// <summary>[1]</summary>
    public Parameter Bias => Kept(BiasName);

    /// <param name="batch">the episodes' tokens</param>
    /// <param name="policyHidden">[N,D] what the policy's trunk made of them</param>
    /// <returns>[N] float32</returns>
    internal abstract Tensor Values(ResponseBatch batch, Tensor policyHidden);

    private protected Tensor Head(Tensor hidden) =>
        nn.functional.linear(hidden.to_type(ScalarType.Float32), Weight, Bias).squeeze(-1);
}

/// <summary>A head on the policy's own trunk, starting at 0.</summary>
internal sealed class ValueHead(int width, Device device)
    : Critic(nameof(ValueHead), zeros(1, width, device: device), zeros(1, device: device))
{
    internal override Tensor Values(ResponseBatch batch, Tensor policyHidden) => Head(policyHidden);
}

/// <summary>A transformer of its own.</summary>
public sealed class SeparateCritic : Critic
{
    /// <param name="trunk">taken over: the critic trains it</param>
    /// <param name="weight">[1,D] where the head starts: a reward model's, or zeros</param>
    /// <param name="bias">[1]</param>
    public SeparateCritic(Transformer trunk, Tensor weight, Tensor bias) : base(nameof(SeparateCritic), weight, bias)
    {
        Trunk = trunk;
        register_module("trunk", trunk);
    }

    public Transformer Trunk { get; }

    /// <summary>Starts from a reward model: the value of a state is at first what that model would score it, normalised as its scores are.</summary>
    /// <param name="rewards">taken over; of several models the first</param>
    public static SeparateCritic From(RewardEnsemble rewards)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var model = rewards.Models[0];
        var device = model.Head.device;
        var gains = tensor(model.Scales.Select(scale => (float)scale.Gain).ToArray()).On(device).unsqueeze(1);
        var weight = (model.Head.to_type(ScalarType.Float32) * gains).mean([0], true) * Number.Of(rewards.Scale.Gain);
        var bias = full(1, Number.Of((float)rewards.Scale.Apply(model.Scales.Average(scale => scale.Bias))), device: device);
        foreach (var other in rewards.Models.Skip(1)) other.Dispose();
        return new SeparateCritic(model.Trunk, weight, bias);
    }

    internal override Tensor Values(ResponseBatch batch, Tensor policyHidden) => Head(Trunk.HiddenAt(batch.Tokens, batch.Predicting));
}
