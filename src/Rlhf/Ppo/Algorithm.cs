using System.Runtime.Serialization;

namespace Rlhf.Ppo;

/// <summary>Where advantages come from. Everything else in the trainer is the same for all of them.</summary>
public enum Algorithm
{
    /// <summary>A critic and generalised advantage estimation.</summary>
    Ppo,

    /// <summary>The score against its group's mean and deviation; KL in the loss.</summary>
    Grpo,

    /// <summary>The penalised score against the mean of the others in its group.</summary>
    Rloo,

    /// <summary>Rewards to go, whitened over the batch.</summary>
    [EnumMember(Value = "reinforce++")]
    ReinforcePlusPlus,
}

/// <summary>The surrogate the policy climbs.</summary>
public enum PolicyObjective
{
    /// <summary>PPO's clip.</summary>
    Clip,

    /// <summary>PPO's adaptive penalty on KL(old‖new).</summary>
    KlPenalty,

    /// <summary>Plain policy gradient.</summary>
    PolicyGradient,
}

/// <summary>Where the divergence from the reference is charged; never in both places.</summary>
public enum KlPlacement
{
    Reward,
    Loss,
}

/// <summary>How β moves.</summary>
public enum KlControl
{
    Adaptive,
    Fixed,
}

/// <summary>Where the critic's weights start.</summary>
public enum CriticKind
{
    /// <summary>Its own transformer, started from the reward model.</summary>
    RewardModel,

    /// <summary>Its own transformer, started from the policy, with a head of zeros.</summary>
    Policy,

    /// <summary>A head of zeros on the policy's own trunk.</summary>
    ValueHead,
}
