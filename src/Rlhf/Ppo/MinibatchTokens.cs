using Rlhf.Maths;
using TorchSharp;
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
}

/// <summary>One minibatch of a batch of episodes, taken apart into micro-batches.</summary>
internal sealed class Minibatch(Trajectories batch, Tensor advantages, Tensor returns, int[] rows, LossAveraging averaging)
{
    private readonly Dictionary<int, double> _weights = rows
        .Zip(LossWeights.PerToken([.. rows.Select(row => batch.Lengths[row])], averaging)).ToDictionary(pair => pair.First, pair => pair.Second);

    private readonly int _total = rows.Sum(row => batch.Lengths[row]);

    /// <summary>The tokens of some of its episodes, row after row.</summary>
    public MinibatchTokens Of(int[] part)
    {
        var places = batch.TokensOf(part);
        var weights = part.SelectMany(row => Enumerable.Repeat((float)_weights[row], batch.Lengths[row])).ToArray();
        return new MinibatchTokens
        {
            LogProbs = Pick(batch.LogProbs, places),
            Advantages = Pick(advantages, places),
            Weights = tensor(weights, device: places.device),
            Total = _total,
            Values = batch.Values is null ? null : Pick(batch.Values, places),
            Returns = batch.Values is null ? null : Pick(returns, places),
            ReferenceLogProbs = batch.ReferenceLogProbs is null ? null : Pick(batch.ReferenceLogProbs, places),
        };
    }

    /// <summary>Micro-batches of at most so many episodes (0: all), of like length, so that padding costs little.</summary>
    public IEnumerable<int[]> Split(int size) => rows.OrderBy(batch.Cost).Chunk(size == 0 ? rows.Length : size);

    private static Tensor Pick(Tensor table, Tensor places) => table.reshape(-1).index_select(0, places);
}
