using Rlhf.Maths;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Tests.Maths;

public sealed class LossWeightsTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _mask = tensor(new[] { true, true, true, true, false, false }).reshape(2, 3);

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Of_Token_CountsEveryTokenTheSame() =>
        Expect.Near([0.25, 0.25, 0.25, 0.25, 0, 0], LossWeights.Of(_mask, LossAveraging.Token));

    [Fact]
    public void Of_Sequence_CountsEveryEpisodeTheSame() =>
        Expect.Near([1 / 6.0, 1 / 6.0, 1 / 6.0, 0.5, 0, 0], LossWeights.Of(_mask, LossAveraging.Sequence));
}
