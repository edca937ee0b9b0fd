namespace Rlhf.Ppo;

/// <summary>How far an update has come: counts, and what its minibatches showed.</summary>
internal sealed class UpdateProgress
{
    private readonly List<UpdateStatistics> _minibatches = [];

    public List<double> PolicyNorms { get; } = [];

    public List<double> CriticNorms { get; } = [];

    public int Epochs { get; set; }

    public int Skipped { get; set; }

    public long Tokens { get; set; }

    public bool WentFarEnough { get; set; }

    public void Observe(UpdateStatistics statistics) => _minibatches.Add(statistics);

    public UpdateReport Report() => new()
    {
        Statistics = UpdateStatistics.Mean(_minibatches),
        PolicyGradientNorm = PolicyNorms.DefaultIfEmpty().Average(),
        CriticGradientNorm = CriticNorms.DefaultIfEmpty().Average(),
        Skipped = Skipped,
        Epochs = Epochs,
        Tokens = Tokens,
    };
}
