using Rlhf.Policies.Randomness;
using static TorchSharp.torch;

namespace Rlhf.Tests.Tabular;

/// <summary>
/// States and actions few enough to be solved outside: an action ends an episode with a score, or leads on. An episode starts
/// in one of the first states, those of a group in the same.
/// </summary>
internal sealed class Problem
{
    /// <summary>States an episode may start in.</summary>
    public required int Starts { get; init; }

    /// <summary>[S,A] logits of the reference.</summary>
    public required float[,] Reference { get; init; }

    /// <summary>[S,A] where an action leads; −1 where it ends.</summary>
    public required int[,] Next { get; init; }

    /// <summary>[S,A] the score that an ending action earns.</summary>
    public required double[,] Score { get; init; }

    public int States => Reference.GetLength(0);

    public int Actions => Reference.GetLength(1);

    /// <summary>[S,A] ln ρ</summary>
    public Tensor LogReference() => tensor(Reference.Cast<float>().ToArray(), [States, Actions]).log_softmax(-1);

    /// <summary>One token in three states with five actions: what maximises E[r] − β·KL is π ∝ ρ·exp(r/β).</summary>
    public static Problem Bandit { get; } = new()
    {
        Starts = 3,
        Reference = new[,] { { 0.5f, 0, -0.5f, 0, 1 }, { 0, 0, 0, 0.3f, -1 }, { 1, 0, 0, 0.5f, 0 } },
        Next = new[,] { { -1, -1, -1, -1, -1 }, { -1, -1, -1, -1, -1 }, { -1, -1, -1, -1, -1 } },
        Score = new[,] { { 1, 0, -1, 0.5, 0 }, { 0, 2, 0, -0.5, 1 }, { -1, -1, 1.5, 0, 0 } },
    };

    /// <summary>One token or two: in state 0 the first action ends, the others lead to a state where every action does.</summary>
    public static Problem Tree { get; } = new()
    {
        Starts = 1,
        Reference = new[,] { { 0.5f, 0, 0 }, { 0, 0.5f, -0.5f }, { 1, 0, 0 } },
        Next = new[,] { { -1, 1, 2 }, { -1, -1, -1 }, { -1, -1, -1 } },
        Score = new[,] { { 0.4, 0, 0 }, { 1, -1, 0 }, { 0, 1.5, -0.5 } },
    };

    /// <summary>As it is, but nothing scores.</summary>
    public Problem WithoutScores() => new() { Starts = Starts, Reference = Reference, Next = Next, Score = new double[States, Actions] };

    /// <param name="policy">[S,A] ln π of the sampler</param>
    /// <param name="step">names the random numbers</param>
    public Draws Draw(Tensor policy, int groups, int groupSize, long step)
    {
        var probabilities = policy.exp().data<float>().ToArray();
        var (states, actions) = (new int[groups * groupSize][], new int[groups * groupSize][]);
        for (var i = 0; i < states.Length; i++)
        {
            List<int> visited = [], drawn = [];
            for (var state = i / groupSize % Starts; state >= 0; state = Next[state, drawn[^1]])
            {
                visited.Add(state);
                drawn.Add(Pick(probabilities.AsSpan(state * Actions, Actions), CounterRandom.Uniform(new RandomKey(9, step, i, 0), (uint)drawn.Count)));
            }

            (states[i], actions[i]) = ([.. visited], [.. drawn]);
        }

        return new Draws(states, actions);
    }

    /// <summary>[B] what each episode earned by its last action.</summary>
    public double[] Scores(TableEpisodes episodes) => [.. episodes.States.Zip(episodes.Actions, (states, actions) => Score[states[^1], actions[^1]])];

    private static int Pick(ReadOnlySpan<float> probabilities, float number)
    {
        var action = 0;
        while (action < probabilities.Length - 1 && (number -= probabilities[action]) >= 0) action++;
        return action;
    }
}
