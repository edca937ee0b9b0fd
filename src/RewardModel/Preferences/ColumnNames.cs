using Rlhf.Foundation.Recipes;

namespace Rlhf.Rewards.Preferences;

/// <summary>What the columns of a data file are called.</summary>
[Describe("names of the columns, where they differ from these")]
public sealed record ColumnNames
{
    [Describe("the prompt, text or messages; where the file has none, it is what both sides begin with")]
    public string Prompt { get; init; } = "prompt";

    [Describe("the preferred reply, or the whole text or dialogue that ends with it")]
    public string Chosen { get; init; } = "chosen";

    [Describe("the other reply, or the whole text or dialogue that ends with it")]
    public string Rejected { get; init; } = "rejected";

    [Describe("the reply of a row that has one alone")]
    public string Completion { get; init; } = "completion";

    [Describe("how much better the preferred reply is, where the file says so")]
    public string Margin { get; init; } = "margin";

    [Describe("a score of the preferred reply, for evaluation, where the file has one")]
    public string ChosenScore { get; init; } = "gold_chosen";

    [Describe("a score of the other reply, for evaluation, where the file has one")]
    public string RejectedScore { get; init; } = "gold_rejected";

    [Describe("the text of a labelled row")]
    public string Text { get; init; } = "text";

    [Describe("the label of a labelled row, from 0 to 1, or whether a reply is desirable")]
    public string Label { get; init; } = "label";
}
