using Rlhf.Foundation.Torch;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Tests.Models;
using Rlhf.Rewards.Training;
using Rlhf.Rewards.World;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Tests.Training;

public class PairObjectiveTests
{
    private static readonly int[] Items = [0, 1, 2, 3, 4, 5, 6, 7];

    [Fact]
    public void SummedLoss_AnyOrderAndAnySplit_GivesTheSameSumAndGradients()
    {
        var objective = ToyPairs.Objective();
        using var model = TinyReward.Create();
        var (whole, wholeGradient) = Loss(objective, model, Items);
        var (split, splitGradient) = Loss(objective, model, [7, 3, 5], [1], [0, 2, 4, 6]);
        Assert.Equal(whole, split, 1e-5);
        Assert.Equal(wholeGradient.Length, splitGradient.Length);
        for (var i = 0; i < wholeGradient.Length; i++) Assert.Equal(wholeGradient[i], splitGradient[i], 1e-5);
    }

    [Fact]
    public void SummedLoss_OnePair_IsTheLossOfItsTwoScores()
    {
        var pairs = ToyPairs.Make(1);
        using var model = TinyReward.Create();
        using var ensemble = new RewardEnsemble([model], new EnsembleOptions());
        var scores = ensemble.Score([pairs[0].Chosen, pairs[0].Rejected], TinyReward.Pad);
        double plus = scores[0].Score, minus = scores[1].Score;
        var objective = new PairObjective(pairs, [], new BradleyTerryOptions { Centering = 0.5 }, TinyReward.Pad);
        Assert.Equal(Math.Log(1 + Math.Exp(minus - plus)) + 0.5 * Math.Pow(plus + minus, 2), Loss(objective, model, [0]).Loss, 1e-5);
    }

    [Fact]
    public void SummedLoss_MarginColumn_CountsWithItsWeight()
    {
        using var model = TinyReward.Create();
        double Of(double? margin, double weight) =>
            Loss(new PairObjective(ToyPairs.Make(4, margin), [], new BradleyTerryOptions { MarginWeight = weight }, TinyReward.Pad), model, [0, 1, 2, 3]).Loss;
        Assert.True(Of(2, 1) > Of(null, 1));
        Assert.Equal(Of(2, 0), Of(null, 1), 1e-6);
        Assert.Equal(Of(2, 0.5), Of(1, 1), 1e-6);
    }

    [Fact]
    public void HeadBags_ManyItems_LeaveOutAThirdForEachHeadAndNeverTheSameThird()
    {
        using var scope = NewDisposeScope();
        var weights = HeadBags.Weights([.. Enumerable.Range(0, 3000)], 3, CPU)!;
        for (var head = 0; head < 3; head++) Assert.InRange(weights.select(1, head).mean().item<float>(), 0.95f, 1.05f);
        Assert.InRange(weights.select(1, 0).ne(weights.select(1, 1)).to(ScalarType.Float32).mean().item<float>(), 0.4f, 0.5f);
        Assert.Null(HeadBags.Weights(Items, 1, CPU));
    }

    [Fact]
    public void Evaluate_HeldOutPairs_IsTheAccuracyOfTheirScores()
    {
        var objective = ToyPairs.Objective();
        using var ensemble = TinyReward.Ensemble();
        var pairs = ToyPairs.Make(32)[24..];
        var right = pairs.Count(pair => ensemble.Score([pair.Chosen], 0)[0].Score > ensemble.Score([pair.Rejected], 0)[0].Score);
        Assert.Equal(right / 8.0, objective.Evaluate(ensemble).Accuracy, 1e-12);
    }

    [Fact]
    public void LabelObjective_TwoTexts_IsTheLogisticLossOfTheirScores()
    {
        TokenizedLabel[] texts = [new(TinyReward.Row(3), 1), new(TinyReward.Row(6, 1), 0)];
        var objective = new LabelObjective(texts, texts, TinyReward.Pad);
        using var ensemble = TinyReward.Ensemble();
        var scores = ensemble.Score([texts[0].Tokens, texts[1].Tokens], TinyReward.Pad);
        var expected = Math.Log(1 + Math.Exp(-scores[0].Score)) + Math.Log(1 + Math.Exp(scores[1].Score));
        Assert.Equal(expected, Loss(objective, ensemble.Models[0], [0, 1]).Loss, 1e-5);
        Assert.Equal(expected / 2, objective.Evaluate(ensemble).LogLoss, 1e-5);
    }

    private static (double Loss, float[] HeadGradient) Loss(IRewardObjective objective, RewardModel model, params int[][] parts)
    {
        using var scope = NewDisposeScope();
        model.Head.grad = null;
        var sum = 0.0;
        foreach (var part in parts)
        {
            var loss = objective.SummedLoss(model, part);
            Autograd.Backward(loss);
            sum += loss.item<float>();
        }

        return (sum, model.Head.grad!.data<float>().ToArray());
    }
}
