using Rlhf.Policies.Models;
using static TorchSharp.torch;

namespace Rlhf.Dpo;

/// <summary>What is learnt from, item by item: pairs of replies, or single ones.</summary>
internal interface IPreferences
{
    int Count { get; }

    /// <summary>Numbers that are told of a batch.</summary>
    long Kinds { get; }

    /// <summary>What an item costs to go through a model, in tokens.</summary>
    int Cost(int item);

    /// <summary>Asks the reference about every item, once and for all.</summary>
    void Judge(CausalLm reference, int microBatchTokens);

    /// <summary>The sum over some items of what the losses of their whole batch depend on, without gradients; null where each item stands for itself.</summary>
    Tensor? Shared(CausalLm policy, int[] items);

    /// <param name="policy">with gradients where they are on</param>
    /// <param name="shared">the mean of <see cref="Shared"/> over the batch that the items are a part of</param>
    /// <returns>losses [n], and the sums over items of what <see cref="Means"/> names</returns>
    (Tensor Losses, Tensor Sums) Of(CausalLm policy, int[] items, Tensor? shared);

    /// <summary>The means that the sums stand for, by the names of metrics.jsonl.</summary>
    Dictionary<string, double> Means(Tensor sums, int count);
}
