using Rlhf.Rewards.Models;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Training;

/// <summary>What a reward model is trained on: preference pairs, or labelled texts.</summary>
internal interface IRewardObjective
{
    /// <summary>The width of each training item's rows, in tokens.</summary>
    IReadOnlyList<int> Lengths { get; }

    /// <summary>Rows of a batch that an item takes: two for a pair.</summary>
    int RowsPerItem { get; }

    /// <summary>The loss of training items, averaged over heads and summed over items.</summary>
    Tensor SummedLoss(RewardModel model, IReadOnlyList<int> items);

    /// <summary>How the model does on what was held out.</summary>
    HeldOut Evaluate(RewardEnsemble ensemble);

    /// <summary>Token rows to normalize scores on where no policy writes any: held-out texts, or those of training where none are held out.</summary>
    IReadOnlyList<int[]> TypicalRows { get; }
}

/// <summary>Loss and accuracy on held-out items.</summary>
internal sealed record HeldOut(double LogLoss, double Accuracy);
