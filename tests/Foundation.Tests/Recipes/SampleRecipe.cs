using System.Runtime.Serialization;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Foundation.Tests.Recipes;

internal enum Flavour
{
    Plain,
    KlAdaptive,

    [EnumMember(Value = "plain++")]
    PlainPlusPlus,
}

/// <summary>A recipe with every kind of key the binder knows.</summary>
internal sealed record SampleRecipe
{
    [Describe("Name of the run.")]
    public string Name { get; init; } = "sample";

    [Describe("Where results go.")]
    [MayChangeOnResume]
    public string? Out { get; init; }

    public long Seed { get; init; } = 1;

    [Describe("The trainer.")]
    public TrainerSection Trainer { get; init; } = new();

    public PieceSection Piece { get; init; } = new() { Path = "given", Weight = 5 };

    [Describe("Another stage, absent unless given.")]
    public OtherSection? Other { get; init; }
}

internal sealed record TrainerSection : IChecked
{
    [Describe("Passes.")]
    [AtLeast(1)]
    public int Steps { get; init; } = 10;

    [Describe("Clip range.")]
    [Above(0), AtMost(1)]
    public double Clip { get; init; } = 0.2;

    [Below(1)]
    public float Dropout { get; init; }

    public bool Whiten { get; init; } = true;

    public Flavour Flavour { get; init; } = Flavour.KlAdaptive;

    [AtLeast(0)]
    public double? Limit { get; init; }

    public IReadOnlyList<string> StopStrings { get; init; } = [];

    public IReadOnlyList<double> Betas { get; init; } = [0.9, 0.999];

    public IReadOnlyList<PieceSection> Pieces { get; init; } = [];

    public IReadOnlyDictionary<string, double> Weights { get; init; } = new Dictionary<string, double>();

    public IEnumerable<Problem> Problems()
    {
        if (Dropout > Clip) yield return new Problem(nameof(Dropout), $"found {Dropout}; expected at most clip");
    }
}

internal sealed record OtherSection
{
    public int LearningRate { get; init; } = 3;
}

internal sealed record PieceSection
{
    public string Path { get; init; } = "";

    public int Weight { get; init; } = 1;
}
