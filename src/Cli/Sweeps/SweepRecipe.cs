using Rlhf.Foundation.Recipes;

namespace Rlhf.Cli.Sweeps;

/// <summary>Which part of a sweep to do: a batch system runs the parts as jobs of their own.</summary>
public enum SweepPart
{
    All,

    /// <summary>The stages that all points share.</summary>
    Shared,

    /// <summary>One point of the grid, by its index.</summary>
    Point,

    /// <summary>The report over what has been done so far.</summary>
    Report,
}

/// <summary>A grid over recipe keys, and what is run at each of its points.</summary>
public sealed record SweepRecipe : IChecked
{
    [Describe("recipe keys with the values each is to take: {ppo.optimizer.learning_rate: [1e-5, 3e-5], seed: [1, 2]}")]
    public IReadOnlyDictionary<string, string[]> Grid { get; init; } = new Dictionary<string, string[]>();

    [Describe("settings that go together, under a name each, crossed with the grid: {grpo: {ppo.algorithm: grpo, ppo.samples_per_prompt: 8}}; a stage set to null is left out there: {dpo: {ppo: null}}")]
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Cases { get; init; } = new Dictionary<string, IReadOnlyDictionary<string, string>>();

    [Describe("stages run once in the run's own folder and shared by all points, in this order; those without a section in the recipe are left out")]
    public IReadOnlyList<string> Shared { get; init; } = ["tokenizer", "sft", "reward"];

    [Describe("stages run at every point, in this order")]
    public IReadOnlyList<string> Stages { get; init; } = ["ppo", "curve"];

    [Describe("how many points run at a time, the cores divided between them")]
    [AtLeast(1)]
    [MayChangeOnResume]
    public int Parallel { get; init; } = 1;

    [Describe("all, or as separate jobs: shared, then point (with index), then report")]
    [MayChangeOnResume]
    public SweepPart Part { get; init; } = SweepPart.All;

    [Describe("with part=point: which point, from 0")]
    [AtLeast(0)]
    [MayChangeOnResume]
    public int Index { get; init; }

    public IEnumerable<Problem> Problems()
    {
        foreach (var (name, settings) in Cases)
            if (settings.Keys.FirstOrDefault(key => Grid.ContainsKey(key) || Shared.Contains(key.Split('.')[0])) is { } twice)
                yield return new Problem(nameof(Cases), $"{name} sets {twice}, which {(Grid.ContainsKey(twice) ? "the grid sets too" : "belongs to a stage that all points share")}; keep it in one place");
        foreach (var (key, values) in Grid)
        {
            if (values.Length == 0) yield return new Problem(nameof(Grid), $"{key} has no values; give a list, as in {key}: [1, 2]");
            if (values.Distinct().Count() < values.Length) yield return new Problem(nameof(Grid), $"{key} has a value twice; two points would be the same run");
            if (Shared.Contains(key.Split('.')[0]))
                yield return new Problem(nameof(Grid), $"{key} belongs to a stage that all points share; move '{key.Split('.')[0]}' from sweep.shared to sweep.stages");
        }

        if (Stages.Count == 0) yield return new Problem(nameof(Stages), "there is no stage to run at each point; give at least one, as in [ppo, curve]");
        if (Stages.Intersect(Shared).FirstOrDefault() is { } both) yield return new Problem(nameof(Stages), $"{both} is both shared and run at every point; keep it in one of the two");
    }
}
