using Rlhf.Foundation.Torch;
using Rlhf.Policies.Operators;
using static TorchSharp.torch;

namespace Rlhf.Policies.Likelihood;

/// <summary>
/// Numbers [N] read off capped logits, whose gradients go through the cap's slope: composed of operators, and chunk by chunk in
/// both directions, as everywhere here.
/// </summary>
internal static class CappedLikelihood
{
    /// <summary>Reads numbers [n], one tensor for each kind, off ln p [n, V] and the same rows of what else is given.</summary>
    public delegate Tensor[] Reading(Tensor logSoftmax, IReadOnlyList<Tensor> others);

    /// <param name="others">[N, ..] without gradients</param>
    public static Tensor[] Of(Tensor hidden, OutputHead head, Tensor[] others, double scale, long chunkRows, Reading read)
    {
        using var scope = NewDisposeScope();
        var cap = head.Cap;
        var parts = new List<Tensor[]>();
        using (no_grad())
        {
            foreach (var (start, count) in LogitChunks.Of(hidden.shape[0], chunkRows))
            {
                using var chunk = NewDisposeScope();
                parts.Add(Array.ConvertAll(Values(hidden.narrow(0, start, count), head, others, start, count), value => value.MoveToOuterDisposeScope()));
            }

            if (parts.Count == 0) parts.Add(Values(hidden, head, others, 0, 0));
        }

        Tensor[] values = [.. parts[0].Select((_, kind) => cat([.. parts.Select(part => part[kind])]))];
        var (hiddenLearns, headLearns) = (hidden.requires_grad, head.Weight.requires_grad);
        if (!is_grad_enabled() || !(hiddenLearns || headLearns)) return Array.ConvertAll(values, value => value.MoveToOuterDisposeScope());
        var found = Autograd.Attach(values, [hidden, head.Weight], [hidden, head.Weight, .. others], Gradients);
        return Array.ConvertAll(found, value => value.MoveToOuterDisposeScope());

        Tensor[] Values(Tensor rows, OutputHead of, IReadOnlyList<Tensor> beside, long start, long count) =>
            read(Softmax.LogSoftmax(of.Capped(rows.mm(of.Weight.t())), scale), [.. beside.Select(one => one.narrow(0, start, count))]);

        Tensor?[] Gradients(IReadOnlyList<Tensor?> saved, IReadOnlyList<Tensor?> towards)
        {
            using var inner = NewDisposeScope();
            using var recorded = enable_grad();
            var ofHidden = hiddenLearns ? zeros_like(saved[0]!) : null;
            var weight = saved[1]!.detach().requires_grad_(headLearns);
            Tensor[] beside = [.. saved.Skip(2).Select(one => one!)];
            foreach (var (start, count) in LogitChunks.Of(saved[0]!.shape[0], chunkRows))
            {
                using var chunk = NewDisposeScope();
                var rows = saved[0]!.narrow(0, start, count).detach().requires_grad_(hiddenLearns);
                var made = Values(rows, new OutputHead(weight, cap), beside, start, count);
                var weighted = made.Zip(towards, (value, toward) => toward is null ? null : value.mul(toward.narrow(0, start, count)).sum()).OfType<Tensor>().ToArray();
                if (weighted.Length == 0) continue;
                Autograd.Backward(stack(weighted).sum());
                using var quiet = no_grad();
                ofHidden?.narrow(0, start, count).copy_(rows.grad!);
            }

            return [ofHidden?.MoveToOuterDisposeScope(), headLearns ? (weight.grad ?? zeros_like(weight)).MoveToOuterDisposeScope() : null];
        }
    }
}
