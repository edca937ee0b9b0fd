using Rlhf.Cli.Sweeps;
using Rlhf.Cli.Tracking;
using Rlhf.Dpo;
using Rlhf.Evaluation;
using Rlhf.Foundation.Recipes;
using Rlhf.Foundation.Runs;
using Rlhf.Policies.Sft;
using Rlhf.Policies.Tokenization.Training;
using Rlhf.Ppo;
using Rlhf.Rewards.Scorers;
using Rlhf.Rewards.Training;

namespace Rlhf.Cli.Stages;

/// <summary>A recipe file: what all stages share, and a section for each stage.</summary>
public sealed record Recipe : IChecked
{
    [Describe("name of the run")]
    public string Name { get; init; } = "run";

    [Describe("folder of the results; null: runs/<name>")]
    [MayChangeOnResume]
    public string? Out { get; init; }

    [Describe("seed of everything random")]
    [AtLeast(0)]
    public long Seed { get; init; } = 1;

    [Describe("auto (the GPU where there is one), cpu, cuda, or cuda:N")]
    public string Device { get; init; } = "auto";

    [Describe("number type of the forward and backward passes; weights and optimizer stay float32")]
    public Precision Dtype { get; init; } = Precision.Float32;

    [Describe("CPU threads; 0: one per core")]
    [AtLeast(0)]
    [MayChangeOnResume]
    public int Threads { get; init; }

    [Describe("what to do with a run that is already there: auto (go on), never (move it aside), must (fail where there is nothing to go on from)")]
    [MayChangeOnResume]
    public Resume Resume { get; init; } = Resume.Auto;

    [Describe("a checkpoint every so many steps; 0: only when the run is stopped")]
    [AtLeast(0)]
    [MayChangeOnResume]
    public long SaveEvery { get; init; } = 50;

    [Describe("how many of the newest checkpoints stay")]
    [AtLeast(1)]
    [MayChangeOnResume]
    public int KeepLast { get; init; } = 2;

    [Describe("of the older checkpoints, every so many steps' one stays; 0: none")]
    [AtLeast(0)]
    [MayChangeOnResume]
    public long KeepEvery { get; init; }

    [Describe("where a run's numbers go besides its folder")]
    public TrackRecipe Track { get; init; } = new();

    [Describe("the tokenizer, where one is trained")]
    public TokenizerRecipe? Tokenizer { get; init; }

    [Describe("a grid over recipe keys, for rlhf sweep")]
    public SweepRecipe? Sweep { get; init; }

    public SftRecipe? Sft { get; init; }

    public RewardRecipe? Reward { get; init; }

    [Describe("the score that is meant: logged and drawn beside the one that is optimised, never learned from")]
    public ScoreOptions? Gold { get; init; }

    [Describe("policy optimisation against a score")]
    public PpoRecipe? Ppo { get; init; }

    [Describe("policy optimisation on preference pairs, without a reward model")]
    public DpoRecipe? Dpo { get; init; }

    [Describe("evaluation of checkpoints: reward bought for drift")]
    public CurveRecipe? Curve { get; init; }

    [Describe("round after round of pairs, labels, reward model and policy, for rlhf rounds")]
    public RoundsRecipe? Rounds { get; init; }

    [Describe("reward models of several kinds, optimised by best-of-n and by PPO and judged by gold, for rlhf study")]
    public StudyRecipe? Study { get; init; }

    /// <summary>The common keys alone.</summary>
    public Recipe Common() => this with { Tokenizer = null, Sweep = null, Sft = null, Reward = null, Gold = null, Ppo = null, Dpo = null, Curve = null, Rounds = null, Study = null };

    /// <summary>The folder of the whole pipeline's results.</summary>
    public string Folder => Out ?? Path.Combine("runs", Name);

    public IEnumerable<Problem> Problems()
    {
        if (Name.Length == 0) yield return new Problem(nameof(Name), "found nothing; expected a name, the folder of the run in runs/");
        if (Out is "") yield return new Problem(nameof(Out), "found nothing; expected a folder, or no out= at all for runs/<name>");
    }
}

/// <summary>The number type a model computes with.</summary>
public enum Precision
{
    Float32,
    BFloat16,
}
