using Rlhf.Foundation;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Models;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>
/// On-policy distillation (Agarwal et al. 2024, arXiv:2306.13649; Gu et al. 2024, "MiniLLM", arXiv:2306.08543): the reverse KL
/// from a teacher in the states that the policy itself gets into, so that it learns to recover from its own mistakes.
/// </summary>
internal sealed class Teacher
{
    private readonly CausalLm _model;
    private readonly int _vocabulary;

    // [V,D'] the rows of its head that the policy has tokens for: one tensor, for kernels keep the layout of a head with it.
    private readonly OutputHead _head;

    /// <param name="model">frozen here; its first ids are the policy's</param>
    /// <param name="vocabulary">the policy's</param>
    public Teacher(CausalLm model, int vocabulary)
    {
        if (model.Config.Vocabulary < vocabulary)
            throw new RlhfException($"ppo.teacher.model: it knows {model.Config.Vocabulary} tokens and the policy {vocabulary}; a teacher has to have a probability for each of the policy's");
        (_model, _vocabulary) = (model, vocabulary);
        foreach (var weight in model.parameters()) weight.requires_grad = false;
        var head = model.Head.First(vocabulary);
        _head = head with { Weight = head.Weight.DetachFromDisposeScope() };
    }

    /// <summary>[3,N] ln τ of the response tokens, Σ_v π(ln π − ln τ) in their states, and the share of τ that lies on tokens the policy does not have.</summary>
    /// <param name="hidden">[N,D] of the policy</param>
    public Tensor Judge(ResponseBatch tokens, Tensor hidden, OutputHead head, double temperature)
    {
        using var scope = NewDisposeScope();
        var mine = _model.Trunk.HiddenAt(tokens.Tokens, tokens.Predicting);
        using var both = PolicyComparison.Of(hidden, head, mine, _head, tokens.Targets, temperature);
        var outside = _model.Config.Vocabulary == _vocabulary ? zeros_like(both.Kl)
            // ln τ over all tokens less ln τ over the policy's is the logarithm of the share inside.
            : (TokenLogProbs.Selected(mine, _model.Head, tokens.Targets, temperature) - both.ReferenceLogProbs).expm1().neg();
        return stack([both.ReferenceLogProbs, both.Kl, outside]).MoveToOuterDisposeScope();
    }

    /// <summary>[N] Σ_v π(ln π − ln τ) with gradients for the policy</summary>
    public Tensor Divergence(ResponseBatch tokens, Tensor hidden, OutputHead head, double temperature)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var mine = _model.Trunk.HiddenAt(tokens.Tokens, tokens.Predicting);
        quiet.Dispose();
        return ExactKl.Of(hidden, head, mine, _head, temperature).MoveToOuterDisposeScope();
    }
}
