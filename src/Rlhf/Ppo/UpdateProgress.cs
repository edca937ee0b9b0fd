using Rlhf.Foundation;
using Rlhf.Policies.Training;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>How far an update has come: counts, and what its minibatches showed.</summary>
internal sealed class UpdateProgress
{
    private readonly List<Tensor> _minibatches = [];

    public List<Tensor> PolicyNorms { get; } = [];

    public List<Tensor> CriticNorms { get; } = [];

    public int Epochs { get; set; }

    public int Skipped { get; set; }

    public long Tokens { get; set; }

    public bool WentFarEnough { get; set; }

    /// <summary>Keeps a minibatch's numbers, on the device.</summary>
    public void Observe(Tensor numbers) => _minibatches.Add(numbers.MoveToOuterDisposeScope());

    /// <exception cref="NotFiniteException">A loss or a gradient is not finite.</exception>
    public UpdateReport Report()
    {
        var minibatches = UpdateStatistics.Read(_minibatches);
        return new()
        {
            Statistics = UpdateStatistics.Mean(minibatches),
            LastKl = minibatches is [.., var last] ? last.UpdateKl : 0,
            PolicyGradientNorm = Mean(PolicyNorms),
            CriticGradientNorm = Mean(CriticNorms),
            Skipped = Skipped,
            Epochs = Epochs,
            Tokens = Tokens,
        };
    }

    private static double Mean(List<Tensor> norms)
    {
        if (norms.Count == 0) return 0;
        using var scope = NewDisposeScope();
        return ModelOptimizer.Read(stack(norms).mean());
    }
}
