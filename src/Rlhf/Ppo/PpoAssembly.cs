using Rlhf.Foundation;
using Rlhf.Foundation.Runs;
using Rlhf.Maths;
using Rlhf.Policies.Generation;
using Rlhf.Policies.Models;
using Rlhf.Policies.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Ppo;

/// <summary>Puts a trainer together from what a run is given.</summary>
internal static class PpoAssembly
{
    public static PpoTrainer Build(PpoInputs inputs, Run run)
    {
        var (recipe, device) = (inputs.Recipe, inputs.Device);
        if (recipe.Episodes < inputs.Job.Size)
            throw new RlhfException($"ppo.episodes: found {recipe.Episodes} for {inputs.Job.Size} processes; expected at least one for each");
        var state = StateOf(inputs);
        var use = recipe.RewardsEntropy ? EntropyUse.Rewarded : EntropyUse.Ignored;
        var models = new LanguageActorCritic(state.Policy, state.Critic, recipe.Sampling.Temperature, use, inputs.Tokenizer.PadOrEos, device)
        {
            Teacher = inputs.Teacher is { } teacher ? new Teacher(teacher, inputs.Policy.Config.Vocabulary) : null,
            TeacherDivergence = recipe.Teacher?.Divergence ?? TeacherDivergence.Sampled,
        };
        var clock = new PhaseClock(device);
        var sources = SourcesOf(inputs);
        var generator = new TextGenerator(state.Policy, inputs.Tokenizer.Eos, inputs.Tokenizer.PadOrEos, recipe.Sampling.StopStrings.Count > 0 ? inputs.Tokenizer : null);
        var prompts = new PromptStream(inputs.Prompts, recipe.Episodes / recipe.GroupSize, inputs.Seed);
        var collector = new RolloutCollector(recipe, models, state.Reference, generator, prompts, sources, state.Moments, clock);
        var optimizer = new PpoOptimizer<Rollout>(recipe, models, state.PolicyOptimizer, state.CriticOptimizer, inputs.Seed, inputs.Job);
        var check = new SelfCheck(models, state.Reference, SelfCheck.ToleranceOf(state.Policy.HeadWeight.device, state.Policy.HeadWeight.dtype));
        return new PpoTrainer(recipe, state, collector, optimizer, check, new StepLog(recipe, run, sources, clock), run);
    }

    internal static PpoState StateOf(PpoInputs inputs)
    {
        var recipe = inputs.Recipe;
        if (recipe.Lora.IsOn) LoraAdapter.Attach(inputs.Policy, recipe.Lora, (long)inputs.Seed, recipe.Model);
        var reference = inputs.Reference ?? Reference.Of(inputs.Policy);
        var critic = recipe.HasCritic ? CriticOf(inputs) : null;
        inputs.Policy.Trunk.GradientCheckpointing = recipe.GradientCheckpointing;
        if (critic is SeparateCritic separate) separate.Trunk.GradientCheckpointing = recipe.GradientCheckpointing;
        return new PpoState
        {
            Policy = inputs.Policy,
            PolicyOptimizer = new ModelOptimizer(inputs.Policy.named_parameters(), recipe.Optimizer, inputs.Job),
            Critic = critic,
            CriticOptimizer = critic is null ? null : new ModelOptimizer(critic.named_parameters(), recipe.Critic.Optimizer, inputs.Job),
            Reference = new Reference(reference, recipe.Reference, recipe.Reference.Offload && inputs.Device.type != DeviceType.CPU ? new Offload(reference, inputs.Device) : null),
            Kl = recipe.Kl.Control == KlControl.Fixed
                ? new FixedKlController(recipe.KlCoefficient)
                : new AdaptiveKlController(recipe.KlCoefficient, recipe.Kl.Target, recipe.Kl.Horizon),
            Penalty = new PenaltyCoefficient(1, recipe.PenaltyTarget),
            Entropy = recipe.EntropyTarget > 0
                ? new TargetEntropy(recipe.EntropyCoefficient, recipe.EntropyTarget, recipe.EntropyGain)
                : new ScheduledEntropy(recipe.EntropyCoefficient, recipe.EntropyCoefficientEnd ?? recipe.EntropyCoefficient, recipe.Steps),
            Moments = new RunningMoments(),
        };
    }

    private static RolloutSources SourcesOf(PpoInputs inputs) => new()
    {
        Scorer = inputs.Scorer, Gold = inputs.Gold, Decode = inputs.Tokenizer.Decode, Seed = inputs.Seed, Device = inputs.Device, Job = inputs.Job,
    };

    private static Critic CriticOf(PpoInputs inputs)
    {
        var width = inputs.Policy.Config.Width;
        switch (inputs.Recipe.Critic.Kind)
        {
            case CriticKind.ValueHead:
                return new ValueHead(width, inputs.Device);
            case CriticKind.Policy:
                return new SeparateCritic(ModelCopy.Of(inputs.Policy).Trunk, zeros(1, width, device: inputs.Device), zeros(1, device: inputs.Device));
            default:
                return inputs.RewardModel ?? throw new RlhfException(
                    "ppo.critic.kind: reward_model needs a reward model to start from, and the scorer is none; set it to policy or value_head");
        }
    }
}
