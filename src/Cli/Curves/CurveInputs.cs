using Rlhf.Cli.Stages;
using Rlhf.Evaluation;
using Rlhf.Foundation;
using Rlhf.Foundation.Recipes;
using Rlhf.Policies.Generation;
using Rlhf.Ppo;
using Rlhf.Rewards.Scorers;

namespace Rlhf.Cli.Curves;

/// <summary>What an evaluation is made from: the recipe's section, with what the runs themselves recorded where it names nothing.</summary>
internal sealed record CurveInputs
{
    public required IReadOnlyList<TrainedRun> Runs { get; init; }

    /// <summary>Receives the results.</summary>
    public required string Folder { get; init; }

    public required CurveRecipe Section { get; init; }

    /// <summary>Folder of the reference.</summary>
    public required string Reference { get; init; }

    public required string Prompts { get; init; }

    /// <summary>How the rows of <see cref="Prompts"/> are read.</summary>
    public required PpoRecipe Reading { get; init; }

    public required SamplingOptions Sampling { get; init; }

    public required ScoreOptions Proxy { get; init; }

    public ScoreOptions? Gold { get; init; }

    public string Cache => Section.Cache.Length > 0 ? Section.Cache : Path.Combine(Folder, "cache");

    /// <summary>The section with everything it left open.</summary>
    public CurveRecipe Resolved => Section with { Runs = [.. Runs.Select(run => run.Folder)], Reference = Reference, Prompts = Prompts, Sampling = Sampling, Proxy = Proxy };

    public static CurveInputs Of(Recipe recipe)
    {
        var section = recipe.Curve ?? new CurveRecipe();
        var runs = TrainedRun.Find(section.Runs.Count > 0 ? section.Runs : [recipe.Folder]);
        var first = runs.FirstOrDefault(run => run.Recipe.Ppo is not null) ?? runs[0];
        var reference = section.Reference.Length > 0 ? section.Reference : Alike(runs, first);
        var prompts = section.Prompts.Length > 0 ? section.Prompts : first.Recipe.Ppo?.Prompts
            ?? throw new RlhfException($"curve.prompts: {first.Folder} was trained on no file of prompts; name one, as in curve.prompts=data/world/prompts.eval.parquet");
        Stage.WantFolder(reference, "curve.reference");
        Stage.WantFile(prompts, "curve.prompts");
        return new CurveInputs
        {
            Runs = runs,
            Folder = section.Runs.Count == 0 || recipe.Out is not null ? Stage.Folder(recipe, StageNames.Curve) : Path.Combine(Path.GetRelativePath(".", runs[0].Pipeline), StageNames.Curve),
            Section = section,
            Reference = reference,
            Prompts = prompts,
            Reading = first.Recipe.Ppo ?? Reader(first.Recipe),
            Sampling = section.Sampling ?? first.Recipe.Ppo?.Sampling ?? new SamplingOptions(),
            Proxy = section.Proxy ?? (first.Recipe.Ppo is { HasScore: true } scored ? scored.Score : RewardModel(first)),
            Gold = recipe.Gold ?? runs.Select(run => run.Recipe.Gold).FirstOrDefault(gold => gold is not null),
        };
    }

    /// <summary>Everything that the numbers of a policy follow from, apart from its weights and the prompts.</summary>
    public string Identity(Precision dtype) => string.Join('\n',
        "2", dtype, Section.Seed, PolicyCheckpoint.IdentityOf(Reference), RecipeWriter.Write(Sampling), Of(Proxy), Gold is null ? "" : Of(Gold));

    private static string Of(ScoreOptions score) => RecipeWriter.Write(score with { RewardModel = null })
        + (score.RewardModel is { } model ? $"{model.Weight} {PolicyCheckpoint.IdentityOf(model.Path)}" : "");

    /// <summary>The one reference of all runs.</summary>
    private static string Alike(IReadOnlyList<TrainedRun> runs, TrainedRun first)
    {
        if (first.Reference.Length == 0) throw new RlhfException($"curve.reference: {first.Folder} started from random weights; name the policy to measure from, as in curve.reference=models/gpt2");
        Stage.WantFolder(first.Reference, $"the reference of {first.Folder}");
        var identity = PolicyCheckpoint.IdentityOf(first.Reference);
        foreach (var run in runs.Where(run => Path.GetFullPath(run.Reference) != Path.GetFullPath(first.Reference)))
        {
            Stage.WantFolder(run.Reference, $"the reference of {run.Folder}");
            if (PolicyCheckpoint.IdentityOf(run.Reference) != identity)
                throw new RlhfException($"{run.Folder} was held near {run.Reference} and {first.Folder} near {first.Reference}; evaluate them apart, or name one with curve.reference=…");
        }

        return first.Reference;
    }

    private static ScoreOptions RewardModel(TrainedRun run)
    {
        var folder = Path.Combine(run.Pipeline, StageNames.Reward, "final");
        return Directory.Exists(folder)
            ? new ScoreOptions { RewardModel = new RewardModelSource { Path = folder } }
            : throw new RlhfException($"curve.proxy: {run.Folder} was trained without a score; name one, as in curve.proxy.reward_model.path=runs/demo/reward/final");
    }

    private static PpoRecipe Reader(Recipe recipe) => recipe.Dpo is { } dpo
        ? new PpoRecipe { Columns = dpo.Columns, ChatTemplate = dpo.ChatTemplate, OnDefect = dpo.OnDefect }
        : new PpoRecipe { ChatTemplate = recipe.Sft?.ChatTemplate is { } template and not "auto" ? template : "plain" };
}
