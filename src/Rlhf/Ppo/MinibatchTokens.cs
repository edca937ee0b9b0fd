using Rlhf.Maths;
using Rlhf.Policies.Training;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>What was believed of N tokens when they were drawn, and how much each counts in the minibatch's loss.</summary>
internal sealed class MinibatchTokens
{
    /// <summary>[N] ln π_old</summary>
    public required Tensor LogProbs { get; init; }

    /// <summary>[N]</summary>
    public required Tensor Advantages { get; init; }

    /// <summary>[N] weight of each token in the loss of the whole minibatch</summary>
    public required Tensor Weights { get; init; }

    /// <summary>Tokens in the whole minibatch, of which these are a part.</summary>
    public required int Total { get; init; }

    public Tensor? Values { get; init; }

    public Tensor? Returns { get; init; }

    public Tensor? ReferenceLogProbs { get; init; }

    /// <summary>[N] what the sampler's probability of each token is corrected by; null: nothing</summary>
    public Tensor? Correction { get; init; }

    /// <summary>[N] int64, which of the episodes each token belongs to</summary>
    public required Tensor Episodes { get; init; }

    /// <summary>[n] tokens of each episode</summary>
    public required Tensor Lengths { get; init; }
}

/// <summary>One minibatch of a batch of episodes, taken apart into micro-batches.</summary>
internal sealed class Minibatch(Trajectories batch, Tensor advantages, Tensor returns, int[] rows, PpoRecipe recipe)
{
    private readonly Dictionary<int, double> _weights = rows
        .Zip(LossWeights.PerToken([.. rows.Select(row => batch.Layout.Lengths[row])], recipe.Averaging, recipe.Sampling.MaxNewTokens))
        .ToDictionary(pair => pair.First, pair => pair.Second);

    private readonly int _total = rows.Sum(row => batch.Layout.Lengths[row]);

    /// <summary>The tokens of some of its episodes, row after row.</summary>
    public MinibatchTokens Of(int[] part)
    {
        var places = batch.Layout.PlacesOf(part);
        var weights = part.SelectMany(row => Enumerable.Repeat((float)_weights[row], batch.Layout.Lengths[row])).ToArray();
        var episodes = part.SelectMany((row, i) => Enumerable.Repeat((long)i, batch.Layout.Lengths[row])).ToArray();
        var logProbs = batch.Layout.Pick(batch.LogProbs, places);
        return new MinibatchTokens
        {
            LogProbs = logProbs,
            Advantages = batch.Layout.Pick(advantages, places),
            Weights = tensor(weights, device: places.device),
            Total = _total,
            Values = batch.Values is null ? null : batch.Layout.Pick(batch.Values, places),
            Returns = batch.Values is null ? null : batch.Layout.Pick(returns, places),
            ReferenceLogProbs = batch.ReferenceLogProbs is null ? null : batch.Layout.Pick(batch.ReferenceLogProbs, places),
            Correction = recipe.Correction.Kind == SamplerCorrectionKind.None ? null
                : SamplerCorrection.Weights(recipe.Correction.Kind, logProbs, batch.Layout.Pick(batch.DrawnLogProbs!, places), recipe.Correction.Limit),
            Episodes = tensor(episodes, device: places.device),
            Lengths = tensor(part.Select(row => (float)batch.Layout.Lengths[row]).ToArray(), device: places.device),
        };
    }

    /// <summary>Micro-batches of some of its episodes, of at most so many tokens, padding included, with episodes of like length together.</summary>
    public IReadOnlyList<int[]> Split(IEnumerable<int> part, int maxTokens) => MicroBatches.Split(part, batch.Cost, maxTokens);
}
