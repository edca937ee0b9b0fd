using Rlhf.Foundation.Recipes;
using Rlhf.Maths;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Training;
using Rlhf.Rewards.Preferences;
using Rlhf.Rewards.Scorers;

namespace Rlhf.Ppo;

/// <summary>The section `ppo:` of a recipe.</summary>
public sealed record PpoRecipe : IChecked
{
    [Describe("folder of the policy to start from; empty: what the stage sft left"), Input]
    public string Model { get; init; } = "";

    [Describe("file of the prompts (.jsonl, .json, .gz, .parquet)"), Input]
    public string Prompts { get; init; } = "";

    [Describe("what the columns of prompts are called")]
    public ColumnNames Columns { get; init; } = new();

    [Describe("how dialogues are written out: plain, auto (the tokenizer's own), chatml, llama2 or zephyr"), ChatTemplateName]
    public string ChatTemplate { get; init; } = DialogueForms.PlainName;

    [Describe("what a defective row of prompts leads to: skip (counted and reported) or error")]
    public OnDefect OnDefect { get; init; } = OnDefect.Skip;

    [Describe("longest prompt, in tokens; longer ones are left out")]
    [AtLeast(1)]
    public int MaxPromptTokens { get; init; } = 512;

    [Describe("where scores come from; empty: the reward model that the stage reward left, or nothing with algorithm distillation")]
    public ScoreOptions Score { get; init; } = new();

    [Describe("ppo, grpo, dr_grpo, gspo, cispo, rloo, reinforce++ or distillation: what the keys below are where they are left empty")]
    public Algorithm Algorithm { get; init; } = Algorithm.Ppo;

    [Describe("gae (with a critic), group (the score against its prompt's mean and deviation), group_mean, leave_one_out or rewards_to_go; empty: as the algorithm has it")]
    public Advantage? Advantage { get; init; }

    [Describe("clip, sequence_clip (one ratio for the whole response), clipped_weight, kl_penalty or policy_gradient; empty: as the algorithm has it")]
    public PolicyObjective? Objective { get; init; }

    [Describe("steps: each collects one batch of episodes and learns from it")]
    [AtLeast(1)]
    public int Steps { get; init; } = 100;

    [Describe("episodes of one step, samples_per_prompt of them for each prompt")]
    [AtLeast(1)]
    public int Episodes { get; init; } = 64;

    [Describe("episodes drawn for each prompt: the group whose scores are compared; empty: 8 where the advantage compares groups, else 1")]
    [AtLeast(1)]
    public int? SamplesPerPrompt { get; init; }

    [Describe("prompts whose episodes all score the same teach nothing: others are drawn in their place, at most so many times a step; 0: not")]
    [AtLeast(0)]
    public int ResampleRounds { get; init; }

    [Describe("passes over the episodes of a step")]
    [AtLeast(1)]
    public int Epochs { get; init; } = 4;

    [Describe("optimizer steps of one pass: the episodes are dealt into so many minibatches")]
    [AtLeast(1)]
    public int Minibatches { get; init; } = 1;

    [Describe("tokens, padding included, that go through a model at once. Lower it when memory is short: the gradient stays the same")]
    [AtLeast(1)]
    [MayChangeOnResume]
    public int MicroBatchTokens { get; init; } = 16384;

    [Describe("keep only what each layer starts from and compute the layer again in the backward pass: much less memory for about a third more time, the same numbers")]
    [MayChangeOnResume]
    public bool GradientCheckpointing { get; init; }

    [Describe("how far the ratio may fall below 1 before it is clipped; also above it unless clip_high is given; empty: 0.2, with sequence_clip 0.03, with clipped_weight as far as it likes")]
    [Above(0)]
    [Below(1)]
    public double? Clip { get; init; }

    [Describe("how far the ratio may rise above 1; empty: as far as clip, with sequence_clip 0.04, with clipped_weight 4")]
    [Above(0)]
    public double? ClipHigh { get; init; }

    [Describe("dual clip: the loss of a token with a negative advantage stops at this multiple of it (above 1); 0: off")]
    [AtLeast(0)]
    public double DualClip { get; init; }

    [Describe("objective kl_penalty: the KL(old‖new) per token that its own coefficient steers to")]
    [Above(0)]
    public double PenaltyTarget { get; init; } = 0.01;

    [Describe("token: every token counts the same; sequence: every episode does; constant: a token counts 1/max_new_tokens of an episode; empty: as the algorithm has it (grpo and gspo: sequence, dr_grpo: constant, others: token)")]
    public LossAveraging? LossAveraging { get; init; }

    [Describe("discount of later rewards")]
    [Above(0)]
    [AtMost(1)]
    public double Gamma { get; init; } = 1;

    [Describe("generalised advantage estimation: 0 trusts the critic, 1 the rewards")]
    [AtLeast(0)]
    [AtMost(1)]
    public double Lambda { get; init; } = 0.95;

    [Describe("centre and scale advantages over the batch; empty: as the algorithm has it (ppo and reinforce++: true)")]
    public bool? WhitenAdvantages { get; init; }

    [Describe("scale token rewards over the batch, keeping their mean")]
    public bool WhitenRewards { get; init; }

    [Describe("an episode that was cut off is worth the critic's value of where it stopped, instead of 0")]
    public bool BootstrapTruncated { get; init; }

    [Describe("none, running_std or running_mean_std: scaling of scores by what was seen so far")]
    public ScoreScaling ScoreScaling { get; init; } = ScoreScaling.None;

    [Describe("scores are clipped to ± this; 0: not")]
    [AtLeast(0)]
    public double ScoreClip { get; init; }

    [Describe("what an episode pays that did not end: none, subtract or replace")]
    public MissingEosRule MissingEos { get; init; } = MissingEosRule.None;

    [Describe("what missing_eos subtracts from the score, or replaces it with")]
    public double MissingEosAmount { get; init; } = 1;

    [Describe("a price that rises over the last tokens before a response is cut off")]
    public OverLongRecipe OverLong { get; init; } = new();

    [Describe("a score at or above this counts as a success")]
    public double SuccessThreshold { get; init; } = 1;

    [Describe("weight of the entropy bonus at the start")]
    [AtLeast(0)]
    public double EntropyCoefficient { get; init; }

    [Describe("weight of the entropy bonus at the end, reached linearly; empty: as at the start")]
    [AtLeast(0)]
    public double? EntropyCoefficientEnd { get; init; }

    [Describe("entropy per token, in nats, below which the bonus grows until it is met again; 0: the bonus is what the two keys above say")]
    [AtLeast(0)]
    public double EntropyTarget { get; init; }

    [Describe("how much the weight of the bonus may change in a step to meet entropy_target")]
    [Above(0)]
    public double EntropyGain { get; init; } = 0.005;

    [Describe("what is done about tokens that the sampler drew with another probability than the trainer finds")]
    public SamplerCorrectionRecipe Correction { get; init; } = new();

    [Describe("the update ends early when a minibatch's approximate KL passes 1.5 × this; 0: never")]
    [AtLeast(0)]
    public double TargetKl { get; init; }

    [Describe("a minibatch whose mean ratio is above this is left out; 0: none is")]
    [AtLeast(0)]
    public double MaxRatio { get; init; } = 10;

    [Describe("samples.jsonl gets some episodes every so many steps; 0: never")]
    [AtLeast(0)]
    [MayChangeOnResume]
    public int SampleEvery { get; init; } = 10;

    [Describe("episodes that samples.jsonl gets each time")]
    [AtLeast(1)]
    [MayChangeOnResume]
    public int Samples { get; init; } = 8;

    [Describe("how responses are drawn")]
    public SamplingOptions Sampling { get; init; } = new() { MaxNewTokens = 48 };

    public LoraRecipe Lora { get; init; } = new();

    [Describe("the policy's optimizer; its schedule runs over steps")]
    public OptimizerOptions Optimizer { get; init; } = new() { LearningRate = 3e-5, Schedule = Schedule.Linear };

    [Describe("divergence from the reference and its price")]
    public KlRecipe Kl { get; init; } = new();

    [Describe("the value function (algorithm: ppo)")]
    public CriticRecipe Critic { get; init; } = new();

    [Describe("the policy that divergence is measured from")]
    public ReferenceRecipe Reference { get; init; } = new();

    public TeacherRecipe? Teacher { get; init; }

    public IEnumerable<Problem> Problems() => PpoProblems.Of(this);
}
