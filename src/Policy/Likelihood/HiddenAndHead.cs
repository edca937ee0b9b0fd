using Rlhf.Policies.Accelerators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Likelihood;

/// <summary>The gradients of hidden states [N, D] and head [V, D], put together from those of logits, some rows at a time.</summary>
internal sealed class HiddenAndHead
{
    private readonly Tensor _hidden;
    private readonly Tensor _head;
    private readonly Tensor? _ofHidden;
    private readonly Tensor? _ofHead; // float32

    public HiddenAndHead(Tensor hidden, Tensor head, LikelihoodPlan plan)
    {
        (_hidden, _head) = (hidden, head);
        _ofHidden = plan.HiddenLearns ? empty_like(hidden) : null;
        _ofHead = plan.HeadLearns ? zeros(head.shape, ScalarType.Float32, head.device) : null;
    }

    /// <summary>In the types of hidden states and head; null for what does not learn.</summary>
    public Tensor?[] Both => [_ofHidden, _ofHead?.to(_head.dtype)];

    /// <summary>Adds what logits [count, V] float32 of the rows from start on were given as their gradient.</summary>
    public void Add(Tensor logits, long start, long count)
    {
        var gradient = logits.to(_hidden.dtype);
        _ofHidden?.narrow(0, start, count).copy_(Accelerator.Product(gradient, _head));
        if (_ofHead is not null) LogitChunks.AddHeadGradient(_ofHead, gradient, _hidden.narrow(0, start, count));
    }
}
