using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>Whether the update asks for entropies, which cost another look at all logits.</summary>
internal enum EntropyUse
{
    Ignored,
    Rewarded,
}

/// <summary>A language model as policy, with its critic where the algorithm has one.</summary>
internal sealed class LanguageActorCritic(CausalLm policy, Critic? critic, double temperature, EntropyUse use, int pad, Device device)
    : IActorCritic<Rollout>
{
    public CausalLm Policy { get; } = policy;

    public Critic? Critic { get; } = critic;

    /// <summary>Logits of policy and reference alike are divided by it, as those were that the tokens were drawn from.</summary>
    public double Temperature { get; } = temperature;

    /// <summary>What the policy is pulled to; null without one.</summary>
    public Teacher? Teacher { get; init; }

    /// <summary>Whether an update wants the divergence from the teacher with its gradient.</summary>
    public TeacherDivergence TeacherDivergence { get; init; }

    public ResponseBatch Read(IReadOnlyList<Exchange> exchanges) => ResponseBatch.Of(exchanges, pad, device);

    public TokenEvaluation Evaluate(Rollout batch, IReadOnlyList<int> rows)
    {
        using var tokens = Read([.. rows.Select(row => batch.Episodes[row].Exchange)]);
        var hidden = Policy.Trunk.HiddenAt(tokens.Tokens, tokens.Predicting);
        var (logProbs, entropy) = use == EntropyUse.Rewarded
            ? TokenLogProbs.WithEntropy(hidden, Policy.Head, tokens.Targets, Temperature)
            : (TokenLogProbs.Selected(hidden, Policy.Head, tokens.Targets, Temperature), null);
        return new TokenEvaluation
        {
            LogProbs = logProbs,
            Entropy = entropy,
            Values = Critic?.Values(tokens, hidden),
            TeacherKl = TeacherDivergence == TeacherDivergence.Exact ? Teacher?.Divergence(tokens, hidden, Policy.Head, Temperature) : null,
        };
    }

    /// <summary>[N] the critic's values alone</summary>
    public Tensor Values(ResponseBatch tokens) =>
        Critic!.Values(tokens, Policy.Trunk.HiddenAt(tokens.Tokens, tokens.Predicting));
}
