using Rlhf.Foundation.Torch;
using Rlhf.Policies.Models;
using Rlhf.Rewards.Evaluation;
using Rlhf.Rewards.Models;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Training;

/// <summary>A labelled text as tokens.</summary>
internal sealed record TokenizedLabel(int[] Tokens, double Label);

/// <summary>Learning from labelled texts, such as reviews with their sentiment: logistic loss.</summary>
internal sealed class LabelObjective(IReadOnlyList<TokenizedLabel> train, IReadOnlyList<TokenizedLabel> heldOut, int pad) : IRewardObjective
{
    public IReadOnlyList<int> Lengths { get; } = [.. train.Select(text => text.Tokens.Length)];

    public int RowsPerItem => 1;

    public IReadOnlyList<int[]> TypicalRows => [.. (heldOut.Count > 0 ? heldOut : train).Select(text => text.Tokens)];

    public Tensor SummedLoss(RewardModel model, IReadOnlyList<int> items)
    {
        using var scope = NewDisposeScope();
        var device = model.Head.device;
        var batch = TokenBatch.RightPadded([.. items.Select(item => train[item].Tokens)], pad, device);
        var labels = tensor([.. items.Select(item => (float)train[item].Label)], [items.Count, 1]).On(device);
        var losses = LogisticLoss.Losses(model.Logits(batch), labels);                       // [N, K]
        if (HeadBags.Weights(items, model.Heads, device) is { } weights) losses = losses.mul(weights);
        return losses.sum().mul(Number.Of(1.0 / model.Heads)).MoveToOuterDisposeScope();
    }

    public HeldOut Evaluate(RewardEnsemble ensemble)
    {
        var logits = ensemble.Score([.. heldOut.Select(text => text.Tokens)], pad).Select(scores => scores.Logits.Average()).ToArray();
        // −ln of the probability of label y is y·(−ln σ(r)) + (1 − y)·(−ln σ(−r)).
        var loss = heldOut.Zip(logits, (text, logit) => text.Label * LogLoss.Of([logit]) + (1 - text.Label) * LogLoss.Of([-logit])).Average();
        return new HeldOut(loss, heldOut.Zip(logits, (text, logit) => JudgedPair.Correctness((text.Label - 0.5) * logit)).Average());
    }
}
