using Rlhf.Maths;
using Rlhf.Ppo;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Tests.Ppo;

/// <summary>Episodes of one token: in which state, and which action was drawn.</summary>
internal sealed class TableEpisodes(int[] states, int[] actions) : Trajectories(new TokenLayout([.. states.Select(_ => 1)], CPU))
{
    public int[] States { get; } = states;

    public int[] Actions { get; } = actions;
}

/// <summary>A policy with a logit for every state and action, so that any distribution can be reached.</summary>
internal sealed class SoftmaxTable : nn.Module, IActorCritic<TableEpisodes>
{
    public SoftmaxTable(Tensor logits) : base(nameof(SoftmaxTable))
    {
        Logits = new Parameter(logits);
        register_parameter("logits", Logits);
    }

    public Parameter Logits { get; }

    public TokenEvaluation Evaluate(TableEpisodes batch, IReadOnlyList<int> rows)
    {
        var logits = Logits.index_select(0, tensor(rows.Select(row => (long)batch.States[row]).ToArray()));
        var actions = tensor(rows.Select(row => (long)batch.Actions[row]).ToArray()).unsqueeze(1);
        return new TokenEvaluation
        {
            LogProbs = logits.log_softmax(-1).gather(1, actions).squeeze(1),
            Entropy = Entropy.OfLogits(logits),
        };
    }
}
