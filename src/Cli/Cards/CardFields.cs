using Rlhf.Foundation.Recipes;

namespace Rlhf.Cli.Cards;

/// <summary>What the user says of a model, for its card.</summary>
internal sealed record CardFields
{
    [Describe("the model's name; empty: the run's")]
    public string Name { get; init; } = "";

    [Describe("licence, as the hub names it: mit, apache-2.0, other …")]
    public string License { get; init; } = "";

    [Describe("the licence's name, with license other")]
    public string LicenseName { get; init; } = "";

    [Describe("where the licence stands, with license other")]
    public string LicenseLink { get; init; } = "";

    [Describe("the hub's id (owner/name) of the model that training began with; empty: as the folder tells")]
    public string BaseModel { get; init; } = "";

    [Describe("the hub's ids of the data sets")]
    public IReadOnlyList<string> Datasets { get; init; } = [];

    [Describe("languages, as in [en, de]")]
    public IReadOnlyList<string> Language { get; init; } = [];

    [Describe("the hub's tags; empty: by what trained it")]
    public IReadOnlyList<string> Tags { get; init; } = [];

    [Describe("write the program's part anew although somebody changed it")]
    public bool Replace { get; init; }
}
