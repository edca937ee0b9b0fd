using Rlhf.Foundation.Torch;
using static TorchSharp.torch;

namespace Rlhf.Policies.Likelihood;

/// <summary>The gradients of hidden states [N, D] and head [V, D], put together from those of logits, some rows at a time.</summary>
internal sealed class HiddenAndHead
{
    private readonly Tensor _hidden;
    private readonly Tensor _head;
    private readonly Tensor? _ofHidden;
    private readonly Tensor? _ofHead; // float32 where there is more than one part
    private bool _isEmpty = true;

    public HiddenAndHead(Tensor hidden, Tensor head, LikelihoodPlan plan)
    {
        (_hidden, _head) = (hidden, head);
        _ofHidden = plan.HiddenLearns ? empty_like(hidden) : null;
        _ofHead = plan.HeadLearns ? empty(head.shape, hidden.shape[0] > plan.ChunkRows ? ScalarType.Float32 : head.dtype, head.device) : null;
    }

    /// <summary>In the types of hidden states and head; null for what does not learn.</summary>
    public Tensor?[] Both => [_ofHidden, _isEmpty ? _ofHead?.zero_() : _ofHead?.to(_head.dtype)];

    /// <summary>Adds diag(factors)·gradient [count, V], that of the logits of the rows from start on.</summary>
    /// <param name="factors">[count] float32: multiplied with the narrow sides of the products, not with the wide one; null: 1</param>
    public void Add(Tensor gradient, Tensor? factors, long start, long count)
    {
        using var scope = NewDisposeScope();
        gradient = gradient.to(_hidden.dtype);
        var factor = factors?.to(_hidden.dtype).unsqueeze(1);
        if (_ofHidden is not null)
        {
            var product = gradient.mm(_head);
            _ofHidden.narrow(0, start, count).copy_(factor is null ? product : product.mul_(factor));
        }

        if (_ofHead is null) return;
        var part = _hidden.narrow(0, start, count);
        if (factor is not null) part = part.mul(factor);
        if (_isEmpty) _ofHead.copy_(gradient.t().mm(part));
        else if (gradient.dtype == ScalarType.Float32) _ofHead.addmm_(gradient.t(), part);
        else _ofHead.Add(gradient.t().mm(part));
        _isEmpty = false;
    }
}
