using Rlhf.Foundation.Recipes;

namespace Rlhf.Ppo;

/// <summary>How the divergence from a teacher is learnt from.</summary>
public enum TeacherDivergence
{
    /// <summary>The sum over the vocabulary in every state, with its gradient.</summary>
    Exact,

    /// <summary>ln π − ln τ of the token that was drawn, as a negative advantage.</summary>
    Sampled,
}

/// <summary>A model whose distribution the policy is pulled to, token by token, on the policy's own responses.</summary>
[Describe("a teacher: the policy learns to say what it would, on the policy's own responses; alone with algorithm distillation, or beside a score")]
public sealed record TeacherRecipe : IChecked
{
    [Describe("folder of the teacher, whose tokenizer is the policy's"), Input]
    public string Model { get; init; } = "";

    [Describe("weight of the divergence from it")]
    [Above(0)]
    public double Coefficient { get; init; } = 1;

    [Describe("exact: summed over the vocabulary, for a forward pass of the teacher in every update; sampled: of the drawn token alone, cheaper and noisier")]
    public TeacherDivergence Divergence { get; init; } = TeacherDivergence.Exact;

    public IEnumerable<Problem> Problems()
    {
        if (Model.Length == 0) yield return new(nameof(Model), "found nothing; expected the folder of a model");
    }
}
