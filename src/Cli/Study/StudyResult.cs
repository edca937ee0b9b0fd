using MathNet.Numerics.Statistics;
using System.Text.Json;
using Rlhf.Cli.Stages;
using Rlhf.Evaluation;
using Rlhf.Evaluation.Study;
using Rlhf.Foundation.Files;
using Rlhf.Rewards.Evaluation;
using Rlhf.Rewards.Training;

namespace Rlhf.Cli.Study;

/// <summary>A kind of reward model and how well it orders pairs that none has seen, labelled as they came.</summary>
internal sealed record KindResult(StudyTarget Kind, int Members, Proportion Accuracy);

/// <summary>An arm with what becomes of gold in it.</summary>
internal sealed record ArmResult(StudyArm Arm, Turn Turn);

/// <summary>All that a study's page says.</summary>
internal sealed record StudyResult
{
    public const string FileName = "study.json";

    private static readonly BootstrapOptions s_bootstrap = new();

    /// <summary>Of twelve claims together the bounds lie at the fifth of five hundred replicates of one.</summary>
    private static readonly BootstrapOptions s_together = new() { Resamples = 5000 };

    public required string Name { get; init; }
    public required StudyRecipe Study { get; init; }
    public required int Prompts { get; init; }
    public required IReadOnlyList<KindResult> Kinds { get; init; }
    public required IReadOnlyList<ArmResult> Arms { get; init; }
    public required IReadOnlyList<Claim> Claims { get; init; }

    /// <summary>What so many prompts can tell apart, in words.</summary>
    public required string? Power { get; init; }

    public static StudyResult Of(Recipe recipe, StudyPlan plan, SamplePool pool)
    {
        var study = recipe.Study!;
        var arms = StudyArms.Of(plan, study, pool, policy => CurveJson.Read(plan.Curve(policy)));
        return Of(recipe.Name, study, [.. plan.Kinds.Select(kind => new KindResult(kind, plan.Members(kind), RewardReportJson.Read(Path.Combine(plan.Rewards.Path, StudyPlan.Name(kind), StageNames.Reward, RewardStage.ReportFile)).Accuracy))], arms);
    }

    public static StudyResult Of(string name, StudyRecipe study, IReadOnlyList<KindResult> kinds, IReadOnlyList<StudyArm> arms) => new()
    {
        Name = name,
        Study = study,
        Prompts = arms[0].Runs[0].Points[0].Kl.Count,
        Kinds = kinds,
        Arms = [.. arms.Select(arm => new ArmResult(arm, Turn.Of(arm, study.Margin, s_bootstrap)))],
        Claims = StudyClaims.Of(arms, new ClaimOptions(study.Focus, study.Margin), s_together),
        Power = PowerOf(arms, study),
    };

    /// <summary>study.json: claims, and of every arm its fits and the means of its points.</summary>
    public void Write(string folder) => Durable.WriteText(Path.Combine(folder, FileName), JsonSerializer.Serialize(new
    {
        Name,
        Prompts,
        Claims,
        Arms = Arms.Select(arm => new
        {
            arm.Arm.Target,
            arm.Arm.Method,
            arm.Arm.Price,
            arm.Turn,
            Runs = arm.Arm.Runs.Select(run => new { run.Name, Points = run.Points.Select(point => new { Kl = point.Kl.Average(), ProxyGain = point.ProxyGain.Average(), GoldGain = point.GoldGain!.Average() }) }),
        }),
    }, JsonText.Indented) + "\n");

    /// <summary>From how prompts differ between two ways of choosing the best of as many as there are.</summary>
    private static string? PowerOf(IReadOnlyList<StudyArm> arms, StudyRecipe study)
    {
        var ends = arms.Where(arm => arm.Method == FitForm.BestOfN && arm.Target.Pairs == study.Focus && arm.Target.Noise == study.Noise[^1]).Select(arm => arm.Runs[0].Points[^1].GoldGain!).ToArray();
        var spreads = ends.Zip(ends.Skip(1)).Select(pair => pair.First.Zip(pair.Second, (a, b) => b - a).StandardDeviation()).Order().ToArray();
        return spreads.Length == 0 ? null : Evaluation.Power.Sentence(spreads[spreads.Length / 2], ends[0].Count, "gold");
    }
}
