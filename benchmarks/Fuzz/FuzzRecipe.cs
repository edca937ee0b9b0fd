using Rlhf.Foundation.Recipes;

namespace Rlhf.Benchmarks.Fuzz;

/// <summary>A recipe with every kind of value.</summary>
internal sealed record FuzzRecipe
{
    [Describe("a name")]
    public string Name { get; init; } = "";

    [Describe("a whole number")]
    public int Seed { get; init; }

    [Describe("numbers")]
    public IReadOnlyList<double> Numbers { get; init; } = [];

    [Describe("text of several lines")]
    public string Text { get; init; } = "";

    [Describe("a section")]
    public FuzzSection Inner { get; init; } = new();

    [Describe("the same again")]
    public FuzzSection Other { get; init; } = new();
}

/// <summary>A section of it.</summary>
internal sealed record FuzzSection
{
    [Describe("a number")]
    public int Depth { get; init; }

    [Describe("names")]
    public IReadOnlyList<string> Names { get; init; } = [];
}
