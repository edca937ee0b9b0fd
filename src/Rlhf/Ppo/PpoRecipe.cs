using Rlhf.Foundation.Recipes;
using Rlhf.Maths;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Tokenization.Chat;
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

    [Describe("where scores come from; empty: the reward model that the stage reward left")]
    public ScoreOptions Score { get; init; } = new();

    [Describe("ppo, grpo, rloo or reinforce++: where advantages come from")]
    public Algorithm Algorithm { get; init; } = Algorithm.Ppo;

    [Describe("steps: each collects one batch of episodes and learns from it")]
    [AtLeast(1)]
    public int Steps { get; init; } = 100;

    [Describe("episodes of one step, samples_per_prompt of them for each prompt")]
    [AtLeast(1)]
    public int Episodes { get; init; } = 64;

    [Describe("episodes drawn for each prompt; the group of grpo and rloo")]
    [AtLeast(1)]
    public int SamplesPerPrompt { get; init; } = 1;

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

    [Describe("clip, kl_penalty or policy_gradient")]
    public PolicyObjective Objective { get; init; } = PolicyObjective.Clip;

    [Describe("how far the ratio may fall below 1 before its gradient stops; also above it unless clip_high is given")]
    [Above(0)]
    [Below(1)]
    public double Clip { get; init; } = 0.2;

    [Describe("how far the ratio may rise above 1; 0: as far as clip")]
    [AtLeast(0)]
    public double ClipHigh { get; init; }

    [Describe("dual clip: the loss of a token with a negative advantage stops at this multiple of it (above 1); 0: off")]
    [AtLeast(0)]
    public double DualClip { get; init; }

    [Describe("objective kl_penalty: the KL(old‖new) per token that its own coefficient steers to")]
    [Above(0)]
    public double PenaltyTarget { get; init; } = 0.01;

    [Describe("token: every token counts the same; sequence: every episode does; empty: as the algorithm has it (grpo: sequence)")]
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

    [Describe("a score at or above this counts as a success")]
    public double SuccessThreshold { get; init; } = 1;

    [Describe("weight of the entropy bonus at the start")]
    [AtLeast(0)]
    public double EntropyCoefficient { get; init; }

    [Describe("weight of the entropy bonus at the end, reached linearly; empty: as at the start")]
    [AtLeast(0)]
    public double? EntropyCoefficientEnd { get; init; }

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

    internal double UpperClip => ClipHigh > 0 ? ClipHigh : Clip;

    internal KlPlacement KlPlacement => Kl.Placement ?? (Algorithm == Algorithm.Grpo ? Ppo.KlPlacement.Loss : Ppo.KlPlacement.Reward);

    internal LossAveraging Averaging => LossAveraging ?? (Algorithm == Algorithm.Grpo ? Maths.LossAveraging.Sequence : Maths.LossAveraging.Token);

    internal bool Whitens => WhitenAdvantages ?? Algorithm is Algorithm.Ppo or Algorithm.ReinforcePlusPlus;

    internal bool HasCritic => Algorithm == Algorithm.Ppo;

    public IEnumerable<Problem> Problems()
    {
        if (Episodes % SamplesPerPrompt != 0)
            yield return new(nameof(Episodes), $"found {Episodes}; expected a multiple of samples_per_prompt ({SamplesPerPrompt})");
        if (Algorithm is Algorithm.Grpo or Algorithm.Rloo && SamplesPerPrompt < 2)
            yield return new(nameof(SamplesPerPrompt), $"found {SamplesPerPrompt}; {Algorithm} compares the episodes of one prompt, so it needs at least 2");
        if (Minibatches > Episodes)
            yield return new(nameof(Minibatches), $"found {Minibatches}; expected at most one per episode ({Episodes})");
        if (DualClip is > 0 and <= 1)
            yield return new(nameof(DualClip), $"found {DualClip}; expected above 1, or 0 for none");
        if (Sampling.Greedy)
            yield return new(nameof(Sampling), "found temperature 0; a greedy policy never tries anything, expected above 0");
        else if (!Sampling.IsFullSoftmax)
            yield return new(nameof(Sampling), "found truncated sampling (top_k, top_p, min_new_tokens or repetition_penalty); PPO scores tokens with the full softmax, and drawing them from another distribution makes the KL wrong, which the policy then exploits");
        if (Lora.IsOn && (Reference.Ema > 0 || Reference.ResetEvery > 0))
            yield return new(nameof(Lora), "found adapters beside a reference that follows the policy (reference.ema, reference.reset_every); the reference is the policy's own base then, which stands still. Expected lora.rank 0 or a frozen reference");
        if (Lora.IsOn && Reference is { Offload: true, Model: null })
            yield return new(nameof(Lora), "found adapters beside reference.offload; the reference is the policy's own base then, and no second copy is there to move. Expected reference.offload false");
        if (BootstrapTruncated && !HasCritic)
            yield return new(nameof(BootstrapTruncated), $"found true; {Algorithm} has no critic to ask for the value of a cut-off episode");
    }
}
