using Rlhf.Cli.Shell;
using Rlhf.Cli.Stages;
using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Tokenization;
using Rlhf.Rewards.Evaluation;
using Rlhf.Rewards.Models;
using Rlhf.Rewards.Preferences;
using Rlhf.Rewards.Training;

namespace Rlhf.Cli.Commands;

/// <summary><c>rlhf reward eval</c>: how far a reward model can be trusted on pairs it has not seen.</summary>
internal static class RewardEvalCommand
{
    public static Command Create() => Command.For<RewardEvalRecipe>("reward eval", "Reports how far a reward model can be trusted on held-out pairs.", Run, Check) with
    {
        Positionals = ["model", "data"],
        Examples = ["rlhf reward eval runs/demo/reward/final data/world/pairs.parquet eval_share=0.1", "rlhf reward eval runs/mine/reward/final test.jsonl --json", "rlhf reward eval runs/mine/reward/final test.jsonl out=trust"],
    };

    private static int Run(RewardEvalRecipe recipe, CommandContext context)
    {
        Check(recipe, context);
        var tokenizer = TextTokenizer.Load(RewardFolder.TokenizerFolder(recipe.Model));
        using var ensemble = RewardFolder.Load(recipe.Model, Machine.Open(recipe.Device));
        var log = new DefectLog(recipe.OnDefect);
        var cutter = new PairTokenizer(tokenizer, Math.Min(recipe.MaxLength, ensemble.Models.Min(model => model.Trunk.Config.Context)), OverLong.Truncate);
        var pairs = new List<TokenizedPair>();
        foreach (var pair in new PreferenceFile(recipe.Columns, DialogueForms.Of(recipe.ChatTemplate, tokenizer)).Pairs(recipe.Data, log))
        {
            if (!PromptSplit.IsHeldOut(pair.Prompt, recipe.EvalShare)) continue;
            if (cutter.Tokenize(pair, out var fault) is { } tokens) pairs.Add(tokens);
            else log.Add(new Defect(recipe.Data, pair.Line, fault!.Kind, fault.Reason));
        }

        if (log.Total > 0) context.Progress.Warn($"{recipe.Data}: {log}");
        if (cutter.Truncated > 0) context.Progress.Warn($"{cutter.Truncated} pairs were cut to fit, {cutter.RepliesCut} of them in a reply");
        var report = RewardReport.Of(PairJudge.Judge(ensemble, pairs, tokenizer.PadOrEos), recipe.Worst);
        RewardReportOutput.Write(report, context);
        if (recipe.Out is { } folder) Stage.Write(folder, "out", () => context.Progress.Note($"report and charts: {RewardReportOutput.Save(report, recipe.Model, folder)}"));
        return 0;
    }

    private static void Check(RewardEvalRecipe recipe, CommandContext context)
    {
        if (recipe.Model.Length == 0 || recipe.Data.Length == 0) throw new WrongUsageException("expected rlhf reward eval MODEL DATA");
        Stage.WantFolder(recipe.Model, "model");
        Stage.WantFile(recipe.Data, "data");
    }
}

internal sealed record RewardEvalRecipe : IChecked
{
    [Describe("folder of the reward model")]
    public string Model { get; init; } = "";

    [Describe("file of preference pairs")]
    public string Data { get; init; } = "";

    [Describe("share of prompts to evaluate on, by the same hash that training holds out by; 1: all"), Above(0), AtMost(1)]
    public double EvalShare { get; init; } = 1;

    [Describe("how many of the most wrong pairs are shown"), AtLeast(0)]
    public int Worst { get; init; } = 10;

    [Describe("folder for the report as JSON and HTML and for its charts as SVG; null: none")]
    public string? Out { get; init; }

    [Describe("auto, cpu, cuda or cuda:N")]
    public string Device { get; init; } = "auto";

    public ColumnNames Columns { get; init; } = new();

    [Describe("how dialogues are written out: plain, auto (the tokenizer's own), chatml, llama2 or zephyr"), ChatTemplateName]
    public string ChatTemplate { get; init; } = DialogueForms.PlainName;

    [Describe("what a defective row leads to: skip (counted and reported) or error")]
    public OnDefect OnDefect { get; init; } = OnDefect.Skip;

    [Describe("longest prompt and reply, in tokens"), AtLeast(2)]
    public int MaxLength { get; init; } = 512;

    public IEnumerable<Problem> Problems()
    {
        if (Out is "") yield return new Problem(nameof(Out), "found nothing; expected a folder, or no out= at all for no report");
    }
}
