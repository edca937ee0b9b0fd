using Rlhf.Foundation.Torch;
using Rlhf.Policies.Likelihood;
using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Policies.Sft;

/// <summary>−Σ ln π over the counted tokens of some rows.</summary>
internal static class SftLoss
{
    /// <summary>Tokens the loss of a row counts: the first has nothing before it.</summary>
    public static int Counted(SftExample example) => example.Counted.AsSpan(1).Count(true);

    public static Tensor Summed(CausalLm model, IReadOnlyList<SftExample> rows, int pad)
    {
        using var scope = NewDisposeScope();
        var device = model.Trunk.Embedding.device;
        using var batch = TokenBatch.RightPadded([.. rows.Select(row => row.Tokens)], pad, device);
        // Flat places of the tokens that predict, and what they predict.
        var places = new List<long>();
        var targets = new List<long>();
        for (var i = 0; i < rows.Count; i++)
        {
            for (var j = 1; j < rows[i].Tokens.Length; j++)
            {
                if (!rows[i].Counted[j]) continue;
                places.Add(i * batch.Length + j - 1);
                targets.Add(rows[i].Tokens[j]);
            }
        }

        var hidden = model.Trunk.HiddenAt(batch, tensor(places).On(device));
        var weights = ones([targets.Count], ScalarType.Float32, device);
        return TokenLoss.WeightedNll(hidden, model.Head, tensor(targets).On(device), weights).MoveToOuterDisposeScope();
    }
}
