using Rlhf.Foundation.Recipes;
using Rlhf.Rewards.Scorers;

namespace Rlhf.Cli.Stages;

/// <summary>Feedback round after round: pairs of the present policy, labels, a reward model, PPO, and again.</summary>
public sealed record RoundsRecipe : IChecked
{
    [Describe("how many rounds")]
    [AtLeast(1)]
    [MayChangeOnResume]
    public int Count { get; init; } = 3;

    [Describe("pairs that are drawn from the present policy and labelled in each round")]
    [AtLeast(1)]
    public int Pairs { get; init; } = 200;

    [Describe("file of the prompts that pairs are drawn for; empty: ppo.prompts"), Input]
    public string Prompts { get; init; } = "";

    [Describe("what labels the pairs, by the difference of two scores: gold, a judge, a program; null: people, by the page Label")]
    public ScoreOptions? Labeller { get; init; }

    [Describe("the first response is preferred with probability sigmoid(difference / noise); 0: the higher score always")]
    [AtLeast(0)]
    public double Noise { get; init; }

    [Describe("address of the page where people label; any but this machine's own wants a token, which is printed")]
    [MayChangeOnResume]
    public string Address { get; init; } = "127.0.0.1";

    [Describe("port of that page; 0: any that is free")]
    [AtLeast(0)]
    [AtMost(65535)]
    [MayChangeOnResume]
    public int Port { get; init; } = 7474;

    public IEnumerable<Problem> Problems()
    {
        if (Labeller == new ScoreOptions()) yield return new Problem(nameof(Labeller), "names no source of scores; expected one, such as labeller.world={}, or null for people");
    }
}
