using static TorchSharp.torch;

namespace Rlhf.Benchmarks.CartPole;

/// <summary>Several carts that run side by side and start anew when they fall; their steps as fragments.</summary>
internal sealed class Carts
{
    private readonly CartPoleWorld[] _worlds;
    private readonly Random _random;

    public Carts(int count, Random random)
    {
        _random = random;
        _worlds = [.. Enumerable.Range(0, count).Select(_ => new CartPoleWorld())];
        foreach (var world in _worlds) world.Reset(random);
    }

    /// <summary>Lengths of the episodes that came to an end so far.</summary>
    public List<int> Finished { get; } = [];

    public Fragments Run(Balancer balancer, int steps)
    {
        using var off = no_grad();
        var fragments = new List<Fragment>();
        var open = new Fragment[_worlds.Length];
        for (var i = 0; i < open.Length; i++) fragments.Add(open[i] = new Fragment());
        for (var step = 0; step < steps; step++)
        {
            var logProbs = LogProbs(balancer);
            for (var i = 0; i < _worlds.Length; i++)
            {
                var world = _worlds[i];
                var action = _random.NextDouble() < Math.Exp(logProbs[2 * i]) ? 0 : 1;
                open[i].Add(world.Observation, action, logProbs[2 * i + action]);
                world.Step(action);
                if (!world.Fell && !world.OutOfTime && step + 1 < steps) continue;
                open[i].Close(world.Fell ? null : world.Observation);
                if (world.Fell || world.OutOfTime)
                {
                    Finished.Add(world.Steps);
                    world.Reset(_random);
                }

                if (step + 1 < steps) fragments.Add(open[i] = new Fragment());
            }
        }

        return Fragment.Batch(fragments, balancer);
    }

    private float[] LogProbs(Balancer balancer)
    {
        using var scope = NewDisposeScope();
        var seen = tensor(_worlds.SelectMany(world => world.Observation).ToArray(), [_worlds.Length, CartPoleWorld.Observations]);
        return balancer.Policy.call(seen).log_softmax(-1).data<float>().ToArray();
    }
}
