using Rlhf.Maths;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Maths;

public sealed class GroupAdvantagesTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _scores = tensor(new[] { 1.0, 2.0, 6.0, 4.0, 4.0, 4.0 });

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Relative_TwoGroups_StandardisesEachWithItsSampleDeviation()
    {
        // first group: mean 3, deviation √((4 + 1 + 9)/2) = 2.6457513; second: all the same
        Expect.Near([-0.755900376, -0.377950188, 1.133850564, 0, 0, 0], GroupAdvantages.Relative(_scores, 3), 1e-8);
    }

    [Fact]
    public void LeaveOneOut_TwoGroups_SubtractsTheMeanOfTheOthers() =>
        Expect.Near([-3, -1.5, 4.5, 0, 0, 0], GroupAdvantages.LeaveOneOut(_scores, 3));

    [Fact]
    public void Centred_TwoGroups_SubtractsTheirMeans() =>
        Expect.Near([-2, -1, 3, 0, 0, 0], GroupAdvantages.Centred(_scores, 3));

    [Fact]
    public void Flat_TwoGroups_IsTheOneWhoseScoresAreAllTheSame() =>
        Assert.Equal([false, true], GroupAdvantages.Flat([1, 2, 6, 4, 4, 4], 3));

    [Fact]
    public void OntoTokens_ShortEpisode_LeavesPaddingZero()
    {
        var mask = tensor(new[] { true, false, true, true }).reshape(2, 2);
        Expect.Near([3, 0, -1, -1], GroupAdvantages.OntoTokens(tensor(new[] { 3.0, -1.0 }), mask));
    }
}
