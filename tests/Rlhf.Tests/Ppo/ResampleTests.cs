using Rlhf.Ppo;
using Rlhf.Rewards.Scorers;

namespace Rlhf.Tests.Ppo;

/// <summary>Groups of two whose scores are 0 or 1: every other one is flat.</summary>
public sealed class ResampleTests : IDisposable
{
    private readonly TinyWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Train_WithRounds_LearnsFromGroupsThatDifferAndCountsWhatItGaveUp()
    {
        var without = Metrics("without", 0);
        var with = Metrics("with", 6);
        Assert.All(without, step => Assert.False(step.ContainsKey("redrawn_groups")));
        Assert.Contains(without, step => step["flat_groups"] >= 0.25);
        Assert.All(with, step => Assert.Equal(0, step["flat_groups"]));
        var redrawn = with.Sum(step => step["redrawn_groups"]);
        Assert.InRange(redrawn, 1, 100);
        Assert.Equal(3 * 8 + 2 * redrawn, with[^1]["episodes"]);
        Assert.Equal(3 * 8, without[^1]["episodes"]);
    }

    [Fact]
    public void Others_ForAStep_DependOnSeedStepAndRoundAlone()
    {
        var stream = new PromptStream(_world.Prompts, 2, seed: 5);
        stream.At(9);
        int[] Asked(ulong seed, long step, int round) => [.. new PromptStream(_world.Prompts, 2, seed).Others(step, round, 6).Select(prompt => prompt.Index)];
        Assert.Equal(Asked(5, 3, 1), stream.Others(3, 1, 6).Select(prompt => prompt.Index));
        Assert.Equal([0, 1, 2, 3, 4, 5], Asked(5, 3, 1).Order());
        Assert.Equal(3, new[] { Asked(5, 3, 1), Asked(5, 3, 2), Asked(5, 4, 1) }.Distinct(new SameOrder()).Count());
    }

    private List<Dictionary<string, double>> Metrics(string name, int rounds)
    {
        var recipe = TinyWorld.Recipe with { Algorithm = Algorithm.Rloo, SamplesPerPrompt = 2, Steps = 3, ResampleRounds = rounds };
        using (var run = _world.Open(name, recipe)) PpoAssembly.Build(_world.Inputs(recipe, new FirstTokenScorer()), run).Train(_world.TokenizerFolder);
        return _world.Metrics(name);
    }

    private sealed class FirstTokenScorer : IScorer
    {
        public string Name => "first token";

        public double[] Score(IReadOnlyList<ScoredText> items) => [.. items.Select(item => item.ResponseTokens[0] % 2 == 0 ? 1.0 : 0)];
    }

    private sealed class SameOrder : IEqualityComparer<int[]>
    {
        public bool Equals(int[]? a, int[]? b) => a!.SequenceEqual(b!);

        public int GetHashCode(int[] order) => order[0];
    }
}
