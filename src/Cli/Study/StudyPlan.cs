using System.Globalization;
using Rlhf.Cli.Stages;
using Rlhf.Cli.Sweeps;
using Rlhf.Evaluation.Study;
using Rlhf.Rewards.Models;

namespace Rlhf.Cli.Study;

/// <summary>A policy to train: what it is optimised against, at which price of KL, with which seed.</summary>
internal sealed record PolicyPlan(StudyTarget Target, double Price, long Seed);

/// <summary>What a study consists of, and where it lies in its folder.</summary>
internal sealed class StudyPlan(StudyRecipe study, string folder)
{
    /// <summary>The ways in which an ensemble is looked at.</summary>
    public static IReadOnlyList<Combination> Ensembles { get; } = [Combination.Mean, Combination.Minimum, Combination.MeanMinusVariance];

    /// <summary>The kinds of reward models.</summary>
    public IReadOnlyList<StudyTarget> Kinds => [.. study.Noise.SelectMany(noise => study.Sizes.Select(size => new StudyTarget(size, noise)))];

    /// <summary>Best-of-n up to which, in powers of two; one of 1 is the reference.</summary>
    public IReadOnlyList<int> Counts => [.. Enumerable.Range(1, 30).Select(power => 1 << power).TakeWhile(n => n <= study.BestOf)];

    /// <summary>How many reward models of a kind are trained.</summary>
    public int Members(StudyTarget kind) => kind.Pairs == study.Focus ? study.Members : study.Seeds.Count;

    /// <summary>Every policy, in the order of training.</summary>
    public IReadOnlyList<PolicyPlan> Policies()
    {
        var plans = new List<PolicyPlan>();
        foreach (var kind in Kinds)
            foreach (var price in Prices(kind)) Add(kind, price);
        foreach (var price in study.Prices.Take(2))
            foreach (var ensemble in Ensembles) Add(new StudyTarget(study.Focus, study.Noise[^1], ensemble), price);
        return plans;

        void Add(StudyTarget target, double price) => plans.AddRange(study.Seeds.Select(seed => new PolicyPlan(target, price, seed)));
    }

    private IEnumerable<double> Prices(StudyTarget kind) => study.Prices.Take(kind.Pairs != study.Focus ? 1 : kind.Noise == study.Noise[0] ? study.Prices.Count : 2);

    public SweepFolder Rewards => new(folder, "rewards");

    public SweepFolder Trained => new(folder, "policies");

    public string Pool => Path.Combine(folder, "pool");

    public string HeldOut => Path.Combine(Rewards.Path, "held-out.jsonl");

    public string Pairs(StudyTarget kind) => Path.Combine(Rewards.Path, $"{Name(kind)}.jsonl");

    /// <summary>Where the members of a kind lie when they are trained.</summary>
    public string RewardModels(StudyTarget kind) => Path.Combine(Rewards.Path, Name(kind), StageNames.Reward, "final");

    /// <summary>The reward model, or the ensemble, that a policy is optimised against.</summary>
    public string Scorer(PolicyPlan plan) => plan.Target.Ensemble is { } combination
        ? Ensemble(plan.Target with { Ensemble = null }, combination)
        : Path.Combine(RewardModels(plan.Target), $"member-{study.Seeds.Index().First(seed => seed.Item == plan.Seed).Index + 1}");

    public string Ensemble(StudyTarget kind, Combination combination) => Path.Combine(Rewards.Path, Name(kind), StudyWords.Short(combination).ToLowerInvariant());

    public SweepPoint Point(StudyTarget kind) => new(Name(kind),
    [
        KeyValuePair.Create("reward.data", Pairs(kind)), KeyValuePair.Create("reward.eval_data", HeldOut),
        KeyValuePair.Create("reward.seeds", Members(kind).ToString(CultureInfo.InvariantCulture)),
    ]);

    public SweepPoint Point(PolicyPlan plan) => new($"{Name(plan.Target)}_price={Text(plan.Price)}_seed={plan.Seed}",
    [
        KeyValuePair.Create("ppo.score.reward_model.path", Scorer(plan)), KeyValuePair.Create("ppo.kl.coefficient", Text(plan.Price)),
        KeyValuePair.Create("seed", plan.Seed.ToString(CultureInfo.InvariantCulture)),
    ]);

    /// <summary>The curve of a policy's checkpoints.</summary>
    public string Curve(PolicyPlan plan) => Path.Combine(Trained.PointFolder(Point(plan)), StageNames.Curve, "curve.json");

    internal static string Name(StudyTarget target) =>
        string.Create(CultureInfo.InvariantCulture, $"pairs={target.Pairs}_noise={target.Noise}{(target.Ensemble is { } ensemble ? $"_{StudyWords.Short(ensemble).ToLowerInvariant()}" : "")}");

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
