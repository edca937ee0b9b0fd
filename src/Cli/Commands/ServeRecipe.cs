using Rlhf.Cli.Labels;
using Rlhf.Foundation.Recipes;

namespace Rlhf.Cli.Commands;

internal sealed record ServeRecipe
{
    [Describe("folders whose runs are shown")]
    public IReadOnlyList<string> Runs { get; init; } = ["runs"];

    [Describe("IP address to listen on; any but this machine's own wants a token")]
    public string Address { get; init; } = "127.0.0.1";

    [Describe("port to listen on; 0: any that is free"), AtLeast(0), AtMost(65535)]
    public int Port { get; init; } = 7474;

    [Describe("what browsers and clients must show; empty: none on 127.0.0.1, one that is made and printed elsewhere")]
    public string Token { get; init; } = "";

    [Describe("what is labelled, and where labels go")]
    public LabelOptions Label { get; init; } = new();

    [Describe("which models may be tried")]
    public PlayOptions Play { get; init; } = new();
}

internal sealed record LabelOptions : IChecked
{
    [Describe("file of the labels; it only grows")]
    public string File { get; init; } = "labels.jsonl";

    [Describe("file of pairs to label: rows prompt, first, second, or preference pairs that are to be labelled anew; with draw it is written where it is not there yet")]
    public string Pairs { get; init; } = "";

    [Describe("share of the pairs that every annotator is shown, for agreement; the others are shown to one each"), AtLeast(0), AtMost(1)]
    public double Overlap { get; init; } = 0.1;

    public DrawOptions? Draw { get; init; }

    public IEnumerable<Problem> Problems()
    {
        if (Draw is not null && Pairs.Length == 0) yield return new Problem(nameof(Pairs), "found nothing; expected a file for the pairs that are drawn");
        if (File.Length == 0) yield return new Problem(nameof(File), "found nothing; expected a file for the labels");
    }
}

internal sealed record PlayOptions
{
    [Describe("folders of models, beside those that the runs have left")]
    public IReadOnlyList<string> Models { get; init; } = [];

    [Describe("how many are kept in memory"), AtLeast(1)]
    public int Loaded { get; init; } = 3;

    [Describe("auto, cpu, cuda or cuda:N")]
    public string Device { get; init; } = "auto";
}
