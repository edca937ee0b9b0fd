using Rlhf.Foundation.Recipes;

namespace Rlhf.Policies.Generation;

/// <summary>How tokens are chosen and when a response ends.</summary>
public sealed record SamplingOptions : IChecked
{
    [Describe("logits are divided by this; 0 takes the likeliest token"), AtLeast(0)]
    public double Temperature { get; init; } = 1;

    [Describe("draw from this many of the likeliest tokens; 0: from all"), AtLeast(0)]
    public int TopK { get; init; }

    [Describe("draw from the fewest likeliest tokens that have this probability together; 1: from all"), Above(0), AtMost(1)]
    public double TopP { get; init; } = 1;

    [Describe("the response has this many tokens before one that ends it"), AtLeast(0)]
    public int MinNewTokens { get; init; }

    [Describe("the response is cut off after this many tokens"), AtLeast(1)]
    public int MaxNewTokens { get; init; } = 64;

    [Describe("above 1, tokens that were there before get less likely"), Above(0)]
    public double RepetitionPenalty { get; init; } = 1;

    [Describe("texts that end the response; they are not part of its text")]
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    [Describe("tokens that end the response, beside the model's own")]
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>Logits up to 1e8 divided by less leave float32, and their log-probabilities are no numbers.</summary>
    private const double LowestTemperature = 1e-30;

    public bool Greedy => Temperature == 0;

    /// <summary>Whether tokens are drawn from the whole softmax, as policy gradients need it.</summary>
    public bool IsFullSoftmax => !Greedy && TopK == 0 && TopP == 1 && MinNewTokens == 0 && RepetitionPenalty == 1;

    public IEnumerable<Problem> Problems()
    {
        if (!Greedy && Temperature < LowestTemperature)
            yield return new Problem(nameof(Temperature), $"found {Scalars.Number(Temperature)}; logits divided by it pass the bounds of float32, expected at least {Scalars.Number(LowestTemperature)} (0 takes the likeliest token)");
        if (MinNewTokens > MaxNewTokens)
            yield return new Problem(nameof(MinNewTokens), $"found {MinNewTokens}, expected at most max_new_tokens, which is {MaxNewTokens}");
        if (StopStrings.Any(string.IsNullOrEmpty))
            yield return new Problem(nameof(StopStrings), "holds an empty text, which would end every response at once");
    }
}
