using Rlhf.Foundation.Recipes;

namespace Rlhf.Rewards.Scorers;

/// <summary>A trained reward model, label model, or ensemble.</summary>
[Describe("a reward model's folder")]
public sealed record RewardModelSource : IChecked
{
    [Describe("how much it counts")]
    public double Weight { get; init; } = 1;

    [Describe("folder that 'rlhf reward' wrote, or any sequence-classification model with one label"), Input]
    public string Path { get; init; } = "";

    public IEnumerable<Problem> Problems()
    {
        if (Path.Length == 0) yield return new Problem(nameof(Path), "found nothing; expected the folder of a reward model");
    }
}
