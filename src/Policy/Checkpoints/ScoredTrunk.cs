using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Policies.Checkpoints;

/// <summary>A loaded trunk and its score heads [K, D], null where the folder held a language model.</summary>
internal sealed class ScoredTrunk(Transformer trunk, Tensor? score)
{
    public Transformer Trunk { get; } = trunk;

    public Tensor? Score { get; } = score;
}
