using Rlhf.Policies.Families;
using Rlhf.Policies.Models;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.World;
using static TorchSharp.torch;

namespace Rlhf.Rewards.Tests.Models;

public class RewardModelTests
{
    private static readonly int[][] Rows = [TinyReward.Row(9), TinyReward.Row(4, 1), TinyReward.Row(1, 2), TinyReward.Row(6, 3)];

    [Fact]
    public void Logits_PaddingOnEitherSideOrNone_AreTheSame()
    {
        using var model = TinyReward.Create(heads: 2);
        using var left = Scores(model, TokenBatch.LeftPadded(Rows, TinyReward.Pad, CPU));
        using var right = Scores(model, TokenBatch.RightPadded(Rows, TinyReward.Pad, CPU));
        Assert.Equal([4, 2], right.shape);
        Near(left, right);
        for (var row = 0; row < Rows.Length; row++)
        {
            using var alone = Scores(model, TokenBatch.RightPadded([Rows[row]], TinyReward.Pad, CPU));
            using var among = right[row].unsqueeze(0);
            Near(alone, among);
        }
    }

    [Fact]
    public void Logits_OtherPadToken_ChangesNothing()
    {
        using var model = TinyReward.Create();
        using var first = Scores(model, TokenBatch.RightPadded(Rows, 0, CPU));
        using var second = Scores(model, TokenBatch.RightPadded(Rows, 17, CPU));
        Near(first, second);
    }

    [Fact]
    public void Logits_LastTokenChanged_ChangesTheScore()
    {
        using var model = TinyReward.Create();
        using var scores = Scores(model, TokenBatch.RightPadded([TinyReward.Row(9), [.. TinyReward.Row(8), 3]], TinyReward.Pad, CPU));
        Assert.NotEqual(scores[0, 0].item<float>(), scores[1, 0].item<float>());
    }

    [Fact]
    public void Create_Head_IsNormalWithTheDeviationOfItsWidth()
    {
        using var trunk = CausalLm.Create(TransformerConfig.Gpt2(8, 400, 1, 2, 8), 1);
        using var model = RewardModel.Create(trunk.Trunk, 50, 3);
        using var deviation = model.Head.detach().std();
        // 20,000 draws: the deviation is within 2% of 1/√401.
        Assert.InRange(deviation.item<float>() * Math.Sqrt(401), 0.98, 1.02);
        using var again = RewardModel.Create(trunk.Trunk, 50, 3);
        Assert.True(model.Head.IsSame(again.Head));
        using var other = RewardModel.Create(trunk.Trunk, 50, 4);
        Assert.False(model.Head.IsSame(other.Head));
    }

    [Fact]
    public void Score_AnyOrderAndAnySplit_GivesEachRowItsScore()
    {
        using var ensemble = TinyReward.Ensemble();
        var forward = ensemble.Score(Rows, TinyReward.Pad).Select(score => score.Score).ToArray();
        var backward = ensemble.Score([.. Rows.Reverse()], TinyReward.Pad, maxTokens: 1).Select(score => score.Score).Reverse().ToArray();
        for (var i = 0; i < Rows.Length; i++) Assert.Equal(forward[i], backward[i], 1e-5);
    }

    private static Tensor Scores(RewardModel model, TokenBatch batch)
    {
        using var quiet = no_grad();
        using (batch) return model.Logits(batch);
    }

    private static void Near(Tensor expected, Tensor actual)
    {
        using var difference = expected.sub(actual).abs().max();
        Assert.InRange(difference.item<float>(), 0, 1e-5f);
    }
}
