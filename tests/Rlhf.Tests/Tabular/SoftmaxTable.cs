using Rlhf.Maths;
using Rlhf.Ppo;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Tests.Tabular;

/// <summary>What was drawn: the states that each episode went through, and its action in each.</summary>
internal sealed class Draws(int[][] states, int[][] actions)
{
    public int[][] States { get; } = states;

    public int[][] Actions { get; } = actions;

    public TokenLayout Layout { get; } = new([.. states.Select(row => row.Length)], CPU);

    /// <summary>[B,T] of a table [S,A] at what was drawn.</summary>
    public Tensor Of(Tensor table)
    {
        var places = States.Zip(Actions, (states, actions) => states.Zip(actions, (state, action) => state * table.shape[1] + action)).SelectMany(row => row).ToArray();
        var numbers = table.reshape(-1).index_select(0, tensor(places)).unsqueeze(0);
        return Layout.Spread(numbers, [.. Enumerable.Range(0, Layout.Count)])[0];
    }
}

/// <summary>Episodes of a problem.</summary>
internal sealed class TableEpisodes(Draws draws) : Trajectories(draws.Layout)
{
    public int[][] States => draws.States;

    public int[][] Actions => draws.Actions;
}

/// <summary>A policy with a logit for every state and action, so that any distribution can be reached, and a critic with a value for every state.</summary>
internal sealed class SoftmaxTable : nn.Module, IActorCritic<TableEpisodes>
{
    public SoftmaxTable(Tensor logits, Tensor? teacher = null) : base(nameof(SoftmaxTable))
    {
        Logits = new Parameter(logits);
        register_parameter("logits", Logits);
        Critic = new Values(Logits.shape[0]);
        Teacher = teacher;
    }

    public Parameter Logits { get; }

    public Values Critic { get; }

    /// <summary>[S,A] ln τ of a teacher; null without one.</summary>
    public Tensor? Teacher { get; }

    public TokenEvaluation Evaluate(TableEpisodes batch, IReadOnlyList<int> rows)
    {
        var states = tensor(rows.SelectMany(row => batch.States[row]).Select(state => (long)state).ToArray());
        var actions = tensor(rows.SelectMany(row => batch.Actions[row]).Select(action => (long)action).ToArray()).unsqueeze(1);
        var logits = Logits.index_select(0, states);
        return new TokenEvaluation
        {
            LogProbs = logits.log_softmax(-1).gather(1, actions).squeeze(1),
            Entropy = Entropy.OfLogits(logits),
            Values = batch.Values is null ? null : Critic.Table.index_select(0, states),
            TeacherKl = Teacher is null ? null : KlEstimators.Exact(logits, Teacher.index_select(0, states)),
        };
    }

    /// <summary>[S] the value of every state, 0 to begin with.</summary>
    internal sealed class Values : nn.Module
    {
        public Values(long states) : base(nameof(Values))
        {
            Table = new Parameter(zeros(states));
            register_parameter("table", Table);
        }

        public Parameter Table { get; }
    }
}
