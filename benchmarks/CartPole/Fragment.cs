using Rlhf.Ppo;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks.CartPole;

/// <summary>Consecutive steps of one cart, while they are collected.</summary>
internal sealed class Fragment
{
    private readonly List<float[]> _seen = [];
    private readonly List<float> _actions = [];
    private readonly List<float> _logProbs = [];
    private float[]? _next;

    public void Add(float[] seen, int action, float logProb)
    {
        _seen.Add(seen);
        _actions.Add(action);
        _logProbs.Add(logProb);
    }

    /// <param name="next">what was seen after the last step; null where the pole fell, and nothing comes after</param>
    public void Close(float[]? next) => _next = next;

    public static Fragments Batch(List<Fragment> fragments, Balancer balancer)
    {
        var lengths = fragments.Select(fragment => fragment._seen.Count).ToArray();
        var width = lengths.Max();
        var seen = Table([.. fragments.Select(fragment => fragment._seen.SelectMany(x => x).ToArray())], width * CartPoleWorld.Observations)
            .reshape(fragments.Count, width, CartPoleWorld.Observations);
        var next = Table([.. fragments.Select(fragment => fragment._next ?? new float[CartPoleWorld.Observations])], CartPoleWorld.Observations);
        var goesOn = tensor(fragments.Select(fragment => fragment._next is null ? 0f : 1f).ToArray());
        var values = balancer.Critic.call(seen).squeeze(-1);
        var bootstrap = balancer.Critic.call(next).squeeze(-1) * goesOn;
        var actions = Table([.. fragments.Select(fragment => fragment._actions.ToArray())], width);
        return new Fragments(new TokenLayout(lengths, CPU))
        {
            Observations = seen,
            Actions = actions.to_type(ScalarType.Int64),
            Rewards = ones_like(values),
            LogProbs = Table([.. fragments.Select(fragment => fragment._logProbs.ToArray())], width),
            Values = values,
            Bootstrap = bootstrap,
        };
    }

    /// <summary>Rows of numbers onto [B,width], padded with zeros.</summary>
    private static Tensor Table(IReadOnlyList<float[]> rows, int width)
    {
        var cells = new float[rows.Count * width];
        for (var i = 0; i < rows.Count; i++) rows[i].CopyTo(cells, i * width);
        return tensor(cells, [rows.Count, width]);
    }
}
