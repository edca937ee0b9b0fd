using Rlhf.Foundation.Torch;
using Rlhf.Policies.Models;
using Rlhf.Rewards.Evaluation;
using Rlhf.Rewards.Models;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Training;

/// <summary>Learning from preference pairs: one forward pass over both sides, Bradley–Terry loss.</summary>
internal sealed class PairObjective(IReadOnlyList<TokenizedPair> train, IReadOnlyList<TokenizedPair> heldOut, BradleyTerryOptions options, int pad) : IRewardObjective
{
    private readonly bool hasMargins = options.MarginWeight > 0 && train.Any(pair => pair.Pair.Margin is not null);

    public IReadOnlyList<int> Lengths { get; } = [.. train.Select(pair => pair.Length)];

    public int RowsPerItem => 2;

    public IReadOnlyList<int[]> TypicalRows => [.. (heldOut.Count > 0 ? heldOut : train).SelectMany(pair => new[] { pair.Chosen, pair.Rejected })];

    public Tensor SummedLoss(RewardModel model, IReadOnlyList<int> items)
    {
        using var scope = NewDisposeScope();
        var device = model.Head.device;
        var batch = TokenBatch.RightPadded([.. items.Select(item => train[item].Chosen), .. items.Select(item => train[item].Rejected)], pad, device);
        var scores = model.Logits(batch);                                                    // [2N, K]
        var margins = hasMargins ? tensor([.. items.Select(item => (float)(train[item].Pair.Margin ?? 0))], [items.Count, 1]).On(device) : null;
        var losses = BradleyTerry.Losses(scores.narrow(0, 0, items.Count), scores.narrow(0, items.Count, items.Count), margins, options);
        if (HeadBags.Weights(items, model.Heads, device) is { } weights) losses = losses.mul(weights);
        return losses.sum().mul(Number.Of(1.0 / model.Heads)).MoveToOuterDisposeScope();
    }

    public HeldOut Evaluate(RewardEnsemble ensemble)
    {
        var judged = PairJudge.Judge(ensemble, heldOut, pad);
        return new HeldOut(LogLoss.Of(judged.Select(pair => pair.Logit)), judged.Average(pair => JudgedPair.Correctness(pair.Logit)));
    }
}
