using Rlhf.Foundation.Recipes;

namespace Rlhf.Rewards.Judging;

/// <summary>A language model that judges, behind an address that speaks OpenAI's chat completions.</summary>
[Describe("a language model that judges, behind an OpenAI-compatible address: by a rubric on a scale, or against a text of the prompts' file in both orders. Its score is from 0 to 1")]
public sealed record JudgeSource : IChecked
{
    [Describe("how much it counts")]
    public double Weight { get; init; } = 1;

    [Describe("the address up to the version, such as http://localhost:8000/v1")]
    public string BaseUrl { get; init; } = "";

    [Describe("the model's name there")]
    public string Model { get; init; } = "";

    [Describe("environment variable that holds the key; the key itself stands in no recipe. Empty: none is sent")]
    public string KeyVariable { get; init; } = "";

    [Describe("what a good response is, in words for the judge")]
    public string Rubric { get; init; } = "A good response answers what was asked, is correct, and says no more than it needs to.";

    [Describe("the worst rating of the scale (without against)"), AtLeast(0)]
    public int Lowest { get; init; } = 1;

    [Describe("the best rating of the scale (without against)"), AtLeast(1)]
    public int Highest { get; init; } = 10;

    [Describe("column of the prompts' file that holds a text to be better than: the judge is asked twice, with either first; 1 for two wins, 0.5 where it contradicts itself or calls it a tie. Empty: by the rubric's scale")]
    public string? Against { get; init; }

    [Describe("questions asked at a time"), AtLeast(1)]
    [MayChangeOnResume]
    public int Concurrency { get; init; } = 8;

    [Describe("seconds an answer may take"), Above(0)]
    [MayChangeOnResume]
    public double Timeout { get; init; } = 60;

    [Describe("how often a question is asked again that was refused for now, failed, or came back unreadable"), AtLeast(0)]
    [MayChangeOnResume]
    public int Retries { get; init; } = 5;

    [Describe("seconds to wait before the first time, doubled each time up to a minute; what the server asks for comes first"), AtLeast(0)]
    [MayChangeOnResume]
    public double Backoff { get; init; } = 1;

    [Describe("temperature of the judge"), AtLeast(0)]
    public double Temperature { get; init; }

    [Describe("tokens of an answer"), AtLeast(1)]
    public int MaxTokens { get; init; } = 32;

    [Describe("where every answer is kept, so that nothing is paid for twice; empty: beside the run")]
    [MayChangeOnResume]
    public string? Cache { get; init; }

    [Describe("price of a million tokens asked, for the metric judge_cost"), AtLeast(0)]
    [MayChangeOnResume]
    public double InputPrice { get; init; }

    [Describe("price of a million tokens answered"), AtLeast(0)]
    [MayChangeOnResume]
    public double OutputPrice { get; init; }

    public IEnumerable<Problem> Problems()
    {
        if (!Uri.TryCreate(BaseUrl, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            yield return new Problem(nameof(BaseUrl), $"found '{BaseUrl}'; expected an address such as http://localhost:8000/v1");
        else if (address.UserInfo.Length > 0)
            yield return new Problem(nameof(BaseUrl), "holds a name or key before the @; keys belong into an environment variable, which key_variable names");
        if (Model.Length == 0) yield return new Problem(nameof(Model), "found nothing; expected the model's name there");
        if (Highest <= Lowest) yield return new Problem(nameof(Highest), $"found {Highest}; expected above lowest ({Lowest})");
        if (KeyVariable.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '_'))
            yield return new Problem(nameof(KeyVariable), "expected the name of an environment variable, such as OPENAI_API_KEY; a key itself belongs into no recipe");
    }
}
