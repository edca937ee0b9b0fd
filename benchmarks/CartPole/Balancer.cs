using Rlhf.Maths;
using Rlhf.Ppo;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks.CartPole;

/// <summary>Fragments of episodes: a row is what one cart saw and did until it fell or the batch was full.</summary>
internal sealed class Fragments(TokenLayout layout) : Trajectories(layout)
{
    /// <summary>[B,T,4]</summary>
    public required Tensor Observations { get; init; }

    /// <summary>[B,T]</summary>
    public required Tensor Actions { get; init; }

    /// <summary>[B,T]</summary>
    public required Tensor Rewards { get; init; }
}

/// <summary>A small policy and a small critic, answering the same question as language models do.</summary>
internal sealed class Balancer : IActorCritic<Fragments>
{
    private const int Width = 64;

    public nn.Module<Tensor, Tensor> Policy { get; } = Mlp(CartPoleWorld.Actions);

    public nn.Module<Tensor, Tensor> Critic { get; } = Mlp(1);

    public TokenEvaluation Evaluate(Fragments batch, IReadOnlyList<int> rows)
    {
        var places = batch.Layout.PlacesOf(rows);
        var seen = batch.Observations.reshape(-1, CartPoleWorld.Observations).index_select(0, places);
        var logits = Policy.call(seen);
        var actions = batch.Actions.reshape(-1).index_select(0, places).unsqueeze(1);
        return new TokenEvaluation
        {
            LogProbs = logits.log_softmax(-1).gather(1, actions).squeeze(1),
            Entropy = Entropy.OfLogits(logits),
            Values = Critic.call(seen).squeeze(-1),
        };
    }

    private static nn.Module<Tensor, Tensor> Mlp(int outputs) => nn.Sequential(
        nn.Linear(CartPoleWorld.Observations, Width), nn.Tanh(), nn.Linear(Width, Width), nn.Tanh(), nn.Linear(Width, outputs));
}
