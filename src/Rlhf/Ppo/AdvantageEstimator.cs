using Rlhf.Foundation.Torch;
using Rlhf.Maths;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>From token rewards to advantages, as the recipe has it.</summary>
public sealed class AdvantageEstimator(PpoRecipe recipe)
{
    /// <param name="batch">the episodes, those of one prompt side by side</param>
    /// <param name="rewards">[B,T]</param>
    /// <returns>[B,T] each; returns are those before whitening, and read by a critic only</returns>
    public (Tensor Advantages, Tensor Returns) Estimate(Trajectories batch, Tensor rewards)
    {
        using var scope = NewDisposeScope();
        var (advantages, returns) = recipe.AdvantageKind switch
        {
            Advantage.Gae => GeneralizedAdvantage.Estimate(
                rewards, batch.Values!, batch.Mask, recipe.Gamma, recipe.Lambda, batch.Bootstrap),
            Advantage.Group => (OfGroups(GroupAdvantages.Relative, rewards, batch.Mask), rewards),
            Advantage.GroupMean => (OfGroups(GroupAdvantages.Centred, rewards, batch.Mask), rewards),
            Advantage.LeaveOneOut => (OfGroups(GroupAdvantages.LeaveOneOut, rewards, batch.Mask), rewards),
            _ => (Reinforce.RewardsToGo(rewards, batch.Mask, recipe.Gamma), rewards),
        };
        if (recipe.Whitens) advantages = Whitening.CentreAndScale(advantages, batch.Mask);
        if (recipe.Teacher is { Divergence: TeacherDivergence.Sampled } teacher) advantages -= FromTeacher(batch) * Number.Of(teacher.Coefficient);
        return (advantages.MoveToOuterDisposeScope(), returns.MoveToOuterDisposeScope());
    }

    /// <summary>ln π_old − ln τ of each token: nothing is discounted or passed back, since each token is answered for by itself.</summary>
    private static Tensor FromTeacher(Trajectories batch) => Masked.Keep(KlEstimators.K1(batch.LogProbs, batch.TeacherLogProbs!), batch.Mask);

    private Tensor OfGroups(Func<Tensor, int, Tensor> compare, Tensor rewards, Tensor mask) =>
        GroupAdvantages.OntoTokens(compare(Masked.RowSum(rewards, mask), recipe.GroupSize), mask);
}
