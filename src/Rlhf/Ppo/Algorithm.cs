using System.Runtime.Serialization;

namespace Rlhf.Ppo;

/// <summary>A name that practitioners know for some parts put together: <see cref="Method"/> has which.</summary>
public enum Algorithm
{
    /// <summary>A critic and generalised advantage estimation.</summary>
    Ppo,

    /// <summary>The score against its group's mean and deviation; KL in the loss.</summary>
    Grpo,

    /// <summary>GRPO without what favours some groups and lengths: no deviation, a constant instead of a response's length.</summary>
    DrGrpo,

    /// <summary>GRPO that clips whole responses.</summary>
    Gspo,

    /// <summary>GRPO whose weights are clipped and not its gradients.</summary>
    Cispo,

    /// <summary>The penalised score against the mean of the others in its group.</summary>
    Rloo,

    /// <summary>Rewards to go, whitened over the batch.</summary>
    [EnumMember(Value = "reinforce++")]
    ReinforcePlusPlus,

    /// <summary>A teacher's divergence token by token, on the policy's own responses; without a score as a rule.</summary>
    Distillation,
}

/// <summary>What an episode's tokens did better than was to be expected.</summary>
public enum Advantage
{
    /// <summary>Generalised advantage estimation, with a critic.</summary>
    Gae,

    /// <summary>The score against the mean and deviation of its prompt's group.</summary>
    Group,

    /// <summary>The score against the mean of its prompt's group.</summary>
    GroupMean,

    /// <summary>The score against the mean of the others in its prompt's group.</summary>
    LeaveOneOut,

    /// <summary>The discounted rewards still to come.</summary>
    RewardsToGo,
}

/// <summary>The surrogate the policy climbs.</summary>
public enum PolicyObjective
{
    /// <summary>PPO's clip, token by token.</summary>
    Clip,

    /// <summary>The same clip on one ratio for the whole response (GSPO).</summary>
    SequenceClip,

    /// <summary>A policy gradient whose importance weight is clipped (CISPO).</summary>
    ClippedWeight,

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
